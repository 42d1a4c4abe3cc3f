import type { MiddlewareHandler } from 'hono';
import * as v from 'valibot';
import type { TransferTracker } from '../../observe/transfers.ts';
import { DAY, type TransferStore } from '../../transfers/transfer-store.ts';
import { dayOf } from '../../transfers/turn.ts';
import { cursorSigner, type CursorSigner } from '../cursor.ts';
import { addressOf, fieldsOf, gatewayRequestOf, type GatewayEnv } from '../gateway-request.ts';
import { respondWith } from '../handle-request.ts';
import { acceptsEventStream, eventStreamReply } from '../event-stream.ts';
import { ownPath } from '../match-mount.ts';
import { readRequestContent, type ReadContent } from '../request-content.ts';
import { emptyReply, jsonReply, problemReply, type Reply } from '../reply.ts';
import { tokenGuard, tokenRefusal } from '../token-guard.ts';
import { deleteLink, getLink, putLink } from './links.ts';
import { watchTransfer, watchTransfers, type EventFinder } from './transfer-events.ts';
import {
  DownloadsQuery,
  NoQuery,
  ReaderQuery,
  TransfersQuery,
  detailsToJson,
  transferToJson,
} from './transfers-schema.ts';

/** Options of {@link transfersApi}. */
export interface TransfersApiOptions {
  readonly transfers: TransferTracker;
  /** The bearer token that the Authorization field has to contain (RFC 6750 §2.1): 32 to 1,024 characters. */
  readonly token: string;
}

/** By default, counts are those of so many days. */
const DEFAULT_DAYS = 30;

/**
 * Answers requests below `/.rangeway/`: the transfers and the counts of downloads, as JSON, to clients with the token.
 * Transfers are also a stream of events, for clients that accept one. All other requests go on.
 *
 * @returns a middleware. It throws an Error if `requestId()` does not run before it
 * @throws SettingsError if the token is too short, or has characters that can't be sent
 * @example
 * import { Hono } from 'hono';
 * import * as rangeway from 'rangeway';
 *
 * const transfers = rangeway.trackTransfers({ store: rangeway.memoryTransferStore() });
 * const app = new Hono();
 * app.use('/files/*', rangeway.requestId(), rangeway.accessLog([transfers.observer]));
 * app.use('/files/*', rangeway.transfersApi({ transfers, token: 'replace-me-with-64-hexadecimal-digits' }));
 * app.use('/files/*', rangeway.mount({ store: rangeway.memoryStore() }));
 * app.get('/files/*', rangeway.authorize(), rangeway.download());
 */
export function transfersApi({ transfers: { store }, token }: TransfersApiOptions): MiddlewareHandler<GatewayEnv> {
  const isAllowed = tokenGuard(token, 'admin.token');
  const cursors = cursorSigner(token);
  return (c, next) => {
    const request = gatewayRequestOf(c, 'transfersApi()');
    const { raw, routePath } = c.req;
    const address = addressOf(request.platform, raw);
    const path = ownPath(address.pathname, routePath);
    if (path === undefined) return next();
    const { requestId } = request;
    return respondWith(c, request, async () => {
      const problem: Problem = (status, detail, fields) => problemReply(status, detail, requestId, raw.method, fields);
      const route = findRoute(path.split('/'));
      if (route === undefined) return problem(404, 'Nothing is served here.');
      if (!(await isAllowed(fieldsOf(request.platform, raw)))) return tokenRefusal(requestId, raw.method);
      const method = raw.method === 'HEAD' ? 'GET' : raw.method;
      const operation = route.methods[method];
      if (operation === undefined) {
        const methods = Object.keys(route.methods).flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : [name]));
        return problem(405, 'This address has other methods.', [['Allow', methods.join(', ')]]);
      }
      const { platform } = request;
      const fields = fieldsOf(platform, raw);
      const isStream = platform.allowsEventStreams !== false && acceptsEventStream(fields.get('Accept'));
      const { stopping } = platform;
      const events = isStream ? { lastId: fields.get('Last-Event-ID'), stopping, signal: raw.signal } : undefined;
      const { searchParams: query } = address;
      const asked = { store, cursors, query, id: route.id, problem, events };
      const reply = await answer(operation, {
        ...asked,
        body: (limit) => readRequestContent(platform.readContent, raw, limit),
      });
      if (raw.method !== 'HEAD') return reply;
      reply.pipe?.abandon();
      return { ...reply, body: null };
    });
  };
}

type Problem = (
  status: 400 | 401 | 404 | 405 | 409 | 413 | 503,
  detail: string,
  fields?: Parameters<typeof problemReply>[4],
) => Reply;

/** One request to the API. */
interface ApiRequest {
  readonly store: TransferStore;
  readonly cursors: CursorSigner;
  readonly query: URLSearchParams;
  readonly id: string;
  /** Reads the content of the request, up to a limit in bytes. */
  readonly body: ReadContent;
  readonly problem: Problem;
  /** Present if the client wants a stream of events. */
  readonly events: EventRequest | undefined;
}

interface EventRequest {
  /** The id of the event that the client has seen last. */
  readonly lastId: string | null;
  readonly stopping: AbortSignal | undefined;
  readonly signal: AbortSignal;
}

type Operation = (request: ApiRequest) => Promise<Reply>;

/** Runs an operation. An error of the store is answered 503, and logged. */
async function answer(operation: Operation, request: ApiRequest): Promise<Reply> {
  try {
    return await operation(request);
  } catch (error) {
    return { ...request.problem(503, 'The store of transfers does not answer at the moment.'), error };
  }
}

interface Route {
  readonly id: string;
  readonly methods: Readonly<Partial<Record<string, Operation>>>;
}

/** @param segments of the path below `.rangeway` */
function findRoute([collection, id, ...others]: readonly string[]): Route | undefined {
  if (others.length > 0) return undefined;
  if (collection === 'transfers') {
    return id === undefined
      ? { id: '', methods: { GET: listTransfers, DELETE: deleteReader } }
      : { id, methods: { GET: getTransfer, DELETE: deleteTransfer } };
  }
  if (collection === 'links' && id !== undefined) {
    return {
      id,
      methods: {
        GET: withoutQuery(getLink),
        PUT: withoutQuery((request) => putLink(request, request.body)),
        DELETE: withoutQuery(deleteLink),
      },
    };
  }
  return collection === 'downloads' && id === undefined ? { id: '', methods: { GET: countDownloads } } : undefined;
}

/** Answers 400 to a request with parameters. */
function withoutQuery(operation: Operation): Operation {
  return async (request) => {
    const parsed = parseQuery(NoQuery, request.query);
    return parsed.type === 'invalid' ? request.problem(400, parsed.detail) : operation(request);
  };
}

const listTransfers: Operation = async ({ store, cursors, query, problem, events }) => {
  const parsed = parseQuery(TransfersQuery, query);
  if (parsed.type === 'invalid') return problem(400, parsed.detail);
  const { cursor, limit, ...filter } = parsed.value;
  if (events !== undefined) {
    if (cursor !== undefined) return problem(400, 'A stream of events has no pages, so it takes no cursor.');
    return streamEvents(watchTransfers(store, filter, limit, events.lastId), events);
  }
  const after = cursor === undefined ? undefined : await cursors.parse(cursor, filter);
  if (cursor !== undefined && after === undefined) {
    return problem(400, 'The cursor is not of a page of this list.');
  }
  // One more than asked, to know whether there is another page.
  const found = await store.list(filter, limit + 1, after);
  const transfers = found.slice(0, limit);
  const last = found.length > limit ? transfers.at(-1) : undefined;
  const next = last === undefined ? null : await cursors.print(last, filter);
  return jsonReply({ transfers: transfers.map(transferToJson), cursor: next });
};

const getTransfer: Operation = async ({ store, query, id, problem, events }) => {
  const parsed = parseQuery(NoQuery, query);
  if (parsed.type === 'invalid') return problem(400, parsed.detail);
  const transfer = await store.get(id);
  if (transfer === undefined) return problem(404, 'There is no such transfer.');
  if (events !== undefined) return streamEvents(watchTransfer(store, id, events.lastId), events);
  return jsonReply(detailsToJson(transfer));
};

async function streamEvents(find: EventFinder, { stopping, signal }: EventRequest): Promise<Reply> {
  return eventStreamReply(await find(), find, stopping, signal);
}

const deleteTransfer: Operation = async ({ store, query, id, problem }) => {
  const parsed = parseQuery(NoQuery, query);
  if (parsed.type === 'invalid') return problem(400, parsed.detail);
  const isDeleted = await store.deleteTransfer(id);
  return isDeleted ? emptyReply(204, []) : problem(404, 'There is no such transfer.');
};

const deleteReader: Operation = async ({ store, query, problem }) => {
  const parsed = parseQuery(ReaderQuery, query);
  if (parsed.type === 'invalid') return problem(400, parsed.detail);
  return jsonReply({ deleted: await store.deleteReader(parsed.value.reader) });
};

const countDownloads: Operation = async ({ store, query, problem }) => {
  const parsed = parseQuery(DownloadsQuery, query);
  if (parsed.type === 'invalid') return problem(400, parsed.detail);
  const now = Date.now();
  const { from = dayOf(now - (DEFAULT_DAYS - 1) * DAY), to = dayOf(now), limit, ...filter } = parsed.value;
  const found = await store.downloads({ ...filter, from, to }, limit + 1);
  return jsonReply({ downloads: found.slice(0, limit), truncated: found.length > limit });
};

type ParsedQuery<Value> =
  | { readonly type: 'valid'; readonly value: Value }
  | { readonly type: 'invalid'; readonly detail: string };

/** Validates the parameters of a query, each of which may appear once. */
function parseQuery<const Schema extends v.GenericSchema>(
  schema: Schema,
  query: URLSearchParams,
): ParsedQuery<v.InferOutput<Schema>> {
  const names = [...query.keys()];
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) return { type: 'invalid', detail: `${repeated.slice(0, 80)}: appears more than once` };
  const result = v.safeParse(schema, Object.fromEntries(query));
  if (result.success) return { type: 'valid', value: result.output };
  const details = result.issues.map((issue) => {
    const key = issue.path?.[0]?.key;
    const name = typeof key === 'string' ? key.slice(0, 80) : '';
    if (issue.type !== 'strict_object') return `${name}: ${issue.message}`;
    return issue.input === undefined ? `${name}: is missing` : `${name}: no such parameter`;
  });
  return { type: 'invalid', detail: details.join('; ') };
}
