import type { Context } from 'hono';
import type { Grant } from '../access/index.ts';
import { steadyTime } from '../base/clock.ts';
import type { HeaderList, ProblemStatus, Fields } from '../http/index.ts';
import { newRequestStats, type RequestStats } from '../store/request-stats.ts';
import type { TransferOutcome } from './download/body-pipe.ts';
import type { MatchedMount, MountMatch } from './match-mount.ts';
import { MAX_URL_LENGTH } from '../config/limits.ts';
import type { ReadContent } from './request-content.ts';
import { problemReply, type ResponseContent, type Reply, type OutgoingResponse } from './reply.ts';

/** The state that the middleware and the handlers of one request share, in `c.var.rangeway`. */
export interface RangewayState {
  /** The id of the request, sent in the X-Request-Id field of every response. */
  readonly requestId: string;
  /** The location of the mount that the request is for; `undefined` before `mount()`, and if no mount matches. */
  readonly mount: { readonly path: string; readonly host: string | undefined } | undefined;
  /** The decoded key of the object in the mount; `undefined` if `mount` is. */
  readonly key: string | undefined;
  /** The grant of the access rule; `undefined` before `authorize()`. */
  readonly grant: Grant | undefined;
  /** Storage operations, resumed bodies and cache hits of the request so far. */
  readonly stats: Readonly<RequestStats>;
}

/** The Hono environment of an app that composes the middleware and handlers itself: `new Hono<RangewayEnv>()`. */
export interface RangewayEnv {
  readonly Variables: { readonly rangeway: RangewayState };
}

/** The key of the private state in `c.var.rangeway`. A symbol, so that an app that prints the object omits it. */
const GATEWAY_REQUEST = Symbol('gateway request');

/**
 * `c.var.rangeway` with the private state. The fields are plain data: V8 gives each object with its own getters a
 * hidden class of its own.
 */
type Shared = { -readonly [Name in keyof RangewayState]: RangewayState[Name] } & { [GATEWAY_REQUEST]?: GatewayRequest };

/** The private state of one request, which the middleware and handlers of this library share. */
export interface GatewayRequest {
  readonly shared: Shared;
  readonly requestId: string;
  /** The number of the request in this process or isolate. */
  readonly serial: number;
  /** The trace-id of a valid `traceparent` field (W3C Trace Context). */
  readonly traceId: string | undefined;
  /** The time at which the request was received. */
  readonly received: Date;
  /** The same time on the clock of `steadyTime`, in ms. */
  readonly startTime: number;
  client: Client;
  readonly platform: PlatformEnv;
  readonly stats: RequestStats;
  /** The result of `mount()`; `undefined` before it. */
  match: MountMatch | undefined;
  /** Whether the gateway itself is the app, so that no middleware of a user runs before its handlers. */
  isStandalone: boolean;
  /** Whether a middleware needs the outcome of the transfer, so that the body has to be piped. */
  needsOutcome: boolean;
  /** Each returns header fields that are added to every response. */
  readonly commonFields: (() => HeaderList)[];
  /** Whether the reader has a transfer of its own, which a response with bytes announces. */
  hasOwnTransfer: boolean;
  /** Makes another form of an error reply; `undefined` without `errorPages()`. */
  toErrorPage: ((reply: Reply, fields: Fields, requestId: string) => Reply) | undefined;
  /** The last reply that a handler made. */
  reply: Reply | undefined;
  /** The Response of `reply`. If it is not `c.res`, the app has replaced it. */
  response: Response | undefined;
  /** Whether the response to send is chosen. A reply that is made later is closed unsent. */
  isSettled: boolean;
  /** Called when a response with bytes of an object begins. */
  readonly onStart: ((status: number, content: ResponseContent) => void)[];
  /** Called when the response has ended, whatever the outcome; the last one added is called first. */
  readonly onEnd: ((end: RequestEnd) => void)[];
  /** Passes work that outlasts the response to the platform's `waitUntil`, if it has one. */
  readonly defer: (work: Promise<unknown>) => void;
}

/** A response that has ended, and the outcome of its transfer. */
export interface RequestEnd {
  /** The status of the response that was sent. */
  readonly status: number;
  /** The last reply of a handler; `undefined` if the app made the response without one. */
  readonly reply: Reply | undefined;
  readonly transfer: TransferOutcome;
}

/** The Hono environment of the middleware and handlers of this library. */
export interface GatewayEnv {
  readonly Variables: { rangeway: Shared };
}

/** The Hono context of the middleware and handlers of this library. */
export type GatewayContext = Context<GatewayEnv>;

/** Returns the IP address of the client as text, or `undefined` if it is unknown. */
export type ClientAddress = (request: Request, env: unknown) => string | undefined;

/** The client of a request. */
export interface Client {
  /** The IP address as text; `undefined` if it is unknown. */
  readonly address: string | undefined;
  /** The value that `ClientAddress` threw, if it threw. */
  readonly error?: unknown;
}

/** The number of the next request. */
let serials = 0;

/** The ids of a request. */
export type RequestIds = Pick<GatewayRequest, 'requestId' | 'traceId'>;

/** Makes ids without regard to the header fields of the request. */
export function randomIds(): RequestIds {
  return { requestId: crypto.randomUUID(), traceId: undefined };
}

/**
 * Creates the state of a request and stores it in `c.var.rangeway`.
 *
 * @param platform the values that the platform passes beside the request; read from `c.env` by default
 */
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
    serial: serials++,
    traceId,
    received: new Date(),
    startTime: steadyTime(),
    client: { address: platform.clientAddress },
    platform,
    stats,
    match: undefined,
    isStandalone: false,
    needsOutcome: false,
    commonFields: [],
    hasOwnTransfer: false,
    toErrorPage: undefined,
    reply: undefined,
    response: undefined,
    isSettled: false,
    onStart: [],
    onEnd: [],
    defer: (work) => waitUntil(c, work),
  };
  shared[GATEWAY_REQUEST] = request;
  c.set('rangeway', shared);
  return request;
}

/**
 * Returns the state that `requestId()` has created.
 *
 * @param part the middleware or handler that needs it, for the error message
 * @throws Error if `requestId()` does not run before it, or if the response is already chosen
 */
export function gatewayRequestOf(c: GatewayContext, part: string): GatewayRequest {
  const request = findGatewayRequest(c);
  if (request === undefined) throw new Error(`${part} needs requestId() before it: app.use(requestId(), …)`);
  // The end of the request was already handled, so a slot or a storage connection would never be released.
  if (request.isSettled) {
    throw new Error(`${part} was reached after the answer: a middleware before it does not wait for next()`);
  }
  return request;
}

/** Returns the state of a request, or `undefined` before `requestId()`. */
export function findGatewayRequest(c: GatewayContext): GatewayRequest | undefined {
  const shared: Shared | undefined = c.get('rangeway');
  return shared?.[GATEWAY_REQUEST];
}

/**
 * Returns the mount and key that `mount()` has found, or a reply with status 400, 404 or 414 if there is no key.
 *
 * @param part the middleware or handler that needs it, for the error message
 * @throws Error if `mount()` does not run before it
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

/** Workers stop the work of a request when its response ends. Log lines and cache fills may take longer. */
function waitUntil(c: GatewayContext, work: Promise<unknown>): void {
  try {
    c.executionCtx.waitUntil(work);
  } catch {
    // Hono throws if the platform has no execution context. Such a platform does not stop work early.
  }
}

/**
 * Values that a platform passes beside a request, as the `env` of `app.fetch(request, env)`. `serve` of `rangeway/node`
 * passes all of them. Each is optional.
 */
export interface PlatformEnv {
  /** The IP address of the client as text. */
  readonly clientAddress?: string | undefined;
  /** The host in the client's address, with its port, where a proxy in front sends another one to the platform. */
  readonly publicHost?: string | undefined;
  /** Resolves when the transfer of the response has ended: `true` if all bytes were handed to the operating system. */
  readonly sent?: Promise<boolean> | undefined;
  /** Makes the Response, if the platform has one that costs less than `new Response`. */
  readonly toResponse?: ((response: OutgoingResponse) => Response) | undefined;
  /** Aborted when the server stops: responses that would not end by themselves end then. */
  readonly stopping?: AbortSignal | undefined;
  /** Whether a response may last as long as its client listens. By default it may; on Lambda it may not. */
  readonly allowsEventStreams?: boolean | undefined;
  /** Reads the content of the request; by default that of the Request is read. */
  readonly readContent?: ReadContent | undefined;
  /** The header fields and address of the request, if they cost less to read than those of the Request. */
  readonly head?: ReceivedHead | undefined;
}

/** The header fields and address of one Request, as the platform received them. */
export interface ReceivedHead {
  /** The Request they belong to. They are not used for another Request that an app has put in its place. */
  readonly request: Request;
  readonly fields: Fields;
  /** `request.url`, parsed. */
  readonly address: URL;
}

const NO_PLATFORM_ENV: PlatformEnv = {};

/** Returns `env` if it is a {@link PlatformEnv}, else an empty one. On Workers, `env` holds the bindings. */
export function platformEnvOf(env: unknown): PlatformEnv {
  return typeof env === 'object' && env !== null && isPlatformEnv(env) ? env : NO_PLATFORM_ENV;
}

/** Returns the received head of this Request; `undefined` if an app has replaced the Request. */
function headOf({ head }: PlatformEnv, request: Request): ReceivedHead | undefined {
  return head?.request === request ? head : undefined;
}

/** Returns the header fields of a request, from the platform if it has read them. */
export function fieldsOf(platform: PlatformEnv, request: Request): Fields {
  return headOf(platform, request)?.fields ?? request.headers;
}

/** Returns the parsed URL of a request, from the platform if it has parsed it. */
export function addressOf(platform: PlatformEnv, request: Request): URL {
  return headOf(platform, request)?.address ?? new URL(request.url);
}

function isPlatformEnv(env: { readonly [Name in keyof PlatformEnv]?: unknown }): env is PlatformEnv {
  const { clientAddress, publicHost, sent, toResponse, stopping, allowsEventStreams, readContent, head } = env;
  return (
    (clientAddress === undefined || typeof clientAddress === 'string') &&
    (publicHost === undefined || typeof publicHost === 'string') &&
    (sent === undefined || sent instanceof Promise) &&
    (toResponse === undefined || typeof toResponse === 'function') &&
    (stopping === undefined || stopping instanceof AbortSignal) &&
    (allowsEventStreams === undefined || typeof allowsEventStreams === 'boolean') &&
    (readContent === undefined || typeof readContent === 'function') &&
    (head === undefined || typeof head === 'object')
  );
}
