import type { Context } from 'hono';
import type { Grant } from '../access/index.ts';
import { steadyTime } from '../base/clock.ts';
import type { HeaderList, ProblemStatus, Fields } from '../http/index.ts';
import { newRequestStats, type RequestStats } from '../store/request-stats.ts';
import type { TransferOutcome } from './download/body-pipe.ts';
import type { MatchedMount, MountMatch } from './match-mount.ts';
import { MAX_URL_LENGTH } from '../config/limits.ts';
import { problemReply, type SentContent, type Reply, type OutgoingResponse } from './reply.ts';

/** What the middleware and the handlers of one request share: `c.var.rangeway`. */
export interface RangewayState {
  /** On every answer, as X-Request-Id. */
  readonly requestId: string;
  /** Where the mount is that the request is for; `undefined` before `mount()`, and where it is for none. */
  readonly mount: { readonly path: string; readonly host: string | undefined } | undefined;
  /** The key of the object in the mount, decoded; `undefined` as for `mount`. */
  readonly key: string | undefined;
  /** What the request was let in with; `undefined` before `authorize()`. */
  readonly grant: Grant | undefined;
  /** What the request has cost so far. */
  readonly stats: Readonly<RequestStats>;
}

/** Of an app that composes these parts: `new Hono<RangewayEnv>()`. */
export interface RangewayEnv {
  readonly Variables: { readonly rangeway: RangewayState };
}

/** Hides in `c.var.rangeway` the state that the parts alone need, so that no app prints it by mistake. */
const GATEWAY_REQUEST = Symbol('gateway request');

/** `c.var.rangeway` as the parts know it. No getters: V8 makes each object that has its own a class of its own. */
type Shared = { -readonly [Name in keyof RangewayState]: RangewayState[Name] } & { [GATEWAY_REQUEST]?: GatewayRequest };

/** What the parts themselves need of a request. */
export interface GatewayRequest {
  readonly shared: Shared;
  readonly requestId: string;
  readonly traceId: string | undefined;
  readonly received: Date;
  /** The same moment of `steadyTime`. */
  readonly begun: number;
  client: Client;
  readonly platform: PlatformEnv;
  readonly stats: RequestStats;
  /** Set by `mount()`. */
  match: MountMatch | undefined;
  /** Whether no part of anybody else's has had the request before the answer is made. */
  isAlone: boolean;
  /** Whether a part has to know how the body ends. */
  needsOutcome: boolean;
  /** Fields that are on every answer. */
  readonly fields: (() => HeaderList)[];
  /** The answer that was made last. */
  reply: Reply | undefined;
  /** And its Response. One that the app has rebuilt is another. */
  response: Response | undefined;
  /** Whether the answer that goes out has been chosen: one that is made later is dropped. */
  isSettled: boolean;
  /** Are told when an answer with bytes begins. */
  readonly starts: ((status: number, content: SentContent) => void)[];
  /** Are told when the answer has ended, however; the one that was added last is told first. */
  readonly ends: ((end: RequestEnd) => void)[];
  /** Keeps the platform at work that outlasts the answer. */
  readonly defer: (work: Promise<unknown>) => void;
}

/** How an answer ended, and which. */
export interface RequestEnd {
  readonly status: number;
  readonly reply: Reply | undefined;
  readonly transfer: TransferOutcome;
}

/** For parts that are written here. */
export interface GatewayEnv {
  readonly Variables: { rangeway: Shared };
}

export type GatewayContext = Context<GatewayEnv>;

/** Finds a client's address, as the platform tells it. */
export type ClientAddress = (request: Request, env: unknown) => string | undefined;

/** Whose request it is, or why that can't be told. */
export interface Client {
  readonly address: string | undefined;
  readonly error?: unknown;
}

/** What a request is called. */
export type RequestIds = Pick<GatewayRequest, 'requestId' | 'traceId'>;

/** Where nothing is taken up from the client. */
export function randomIds(): RequestIds {
  return { requestId: crypto.randomUUID(), traceId: undefined };
}

/** Begins with a request. */
export function openGatewayRequest(
  c: GatewayContext,
  { requestId, traceId }: RequestIds,
  platform: PlatformEnv = platformEnvOf(c.env),
): GatewayRequest {
  const stats = newRequestStats();
  const shared: Shared = { requestId, mount: undefined, key: undefined, grant: undefined, stats };
  const request: GatewayRequest = {
    shared,
    requestId,
    traceId,
    received: new Date(),
    begun: steadyTime(),
    client: { address: platform.clientAddress },
    platform,
    stats,
    match: undefined,
    isAlone: false,
    needsOutcome: false,
    fields: [],
    reply: undefined,
    response: undefined,
    isSettled: false,
    starts: [],
    ends: [],
    defer: (work) => waitUntil(c, work),
  };
  shared[GATEWAY_REQUEST] = request;
  c.set('rangeway', shared);
  return request;
}

/**
 * @param part that needs it, for the message
 * @throws Error where `requestId()` does not stand before it, or the request has been answered without it
 */
export function gatewayRequestOf(c: GatewayContext, part: string): GatewayRequest {
  const request = findGatewayRequest(c);
  if (request === undefined) throw new Error(`${part} needs requestId() before it: app.use(requestId(), …)`);
  // Otherwise a slot or a storage connection that it takes would be given back by no part.
  if (request.isSettled) {
    throw new Error(`${part} was reached after the answer: a middleware before it does not wait for next()`);
  }
  return request;
}

/** `undefined` before `requestId()`. */
export function findGatewayRequest(c: GatewayContext): GatewayRequest | undefined {
  const shared: Shared | undefined = c.get('rangeway');
  return shared?.[GATEWAY_REQUEST];
}

/**
 * What `mount()` has found, or the answer to a request that is for no key.
 *
 * @param part that needs it, for the message
 * @throws Error where `mount()` does not stand before it
 */
export function matchOf(
  c: GatewayContext,
  { match, requestId }: GatewayRequest,
  part: string,
): MatchedMount | { readonly type: 'refused'; readonly reply: Reply } {
  if (match === undefined) throw new Error(`${part} needs mount() before it: app.use(requestId(), mount(…), …)`);
  const { method, url } = c.req.raw;
  const refuse = (status: ProblemStatus, detail: string) =>
    ({ type: 'refused', reply: problemReply(status, detail, requestId, method) }) as const;
  if (url.length > MAX_URL_LENGTH) {
    return refuse(414, `The address is longer than the ${MAX_URL_LENGTH} characters that it may have.`);
  }
  switch (match.type) {
    case 'found':
      return match;
    case 'unmatched':
      return refuse(404, 'Nothing is served here.');
    case 'invalid':
      return refuse(400, match.detail);
  }
}

/** Workers end a request's work when its response has ended; the log line, and a cache being filled, come after. */
function waitUntil(c: GatewayContext, work: Promise<unknown>): void {
  try {
    c.executionCtx.waitUntil(work);
  } catch {
    // Hono throws where the platform has no execution context; there, nothing has to be kept alive.
  }
}

/**
 * What a platform tells beside a request, as the `env` of `app.fetch(request, env)`; `serve` of `rangeway/node` does.
 * Each may be left out.
 */
export interface PlatformEnv {
  /** Of the client, as text. */
  readonly clientAddress?: string | undefined;
  /** Resolves when the answer's way to the client is over: whether all of it was handed to the system. */
  readonly sent?: Promise<boolean> | undefined;
  /** Makes the Response of an answer, where the platform has one that costs less than the web's. */
  readonly toResponse?: ((answer: OutgoingResponse) => Response) | undefined;
  readonly head?: ReceivedHead | undefined;
}

/** What a platform has read of this very request, where it can be looked at for less than the request itself. */
export interface ReceivedHead {
  readonly request: Request;
  readonly fields: Fields;
  /** The same as `request.url`. */
  readonly address: URL;
}

const NONE: PlatformEnv = {};

/** Reads what there is of it in an `env`, which can be anything: on Workers, the bindings. */
export function platformEnvOf(env: unknown): PlatformEnv {
  return typeof env === 'object' && env !== null && isPlatformEnv(env) ? env : NONE;
}

/** What there is of the request that an app has in its hands: nothing, once it was replaced. */
function headOf({ head }: PlatformEnv, request: Request): ReceivedHead | undefined {
  return head?.request === request ? head : undefined;
}

/** The fields of a request. */
export function fieldsOf(platform: PlatformEnv, request: Request): Fields {
  return headOf(platform, request)?.fields ?? request.headers;
}

/** The address of a request. */
export function addressOf(platform: PlatformEnv, request: Request): URL {
  return headOf(platform, request)?.address ?? new URL(request.url);
}

function isPlatformEnv(env: { readonly [Name in keyof PlatformEnv]?: unknown }): env is PlatformEnv {
  const { clientAddress, sent, toResponse, head } = env;
  return (
    (clientAddress === undefined || typeof clientAddress === 'string') &&
    (sent === undefined || sent instanceof Promise) &&
    (toResponse === undefined || typeof toResponse === 'function') &&
    (head === undefined || typeof head === 'object')
  );
}
