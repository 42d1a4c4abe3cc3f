import type { Context } from 'hono';
import type { Grant } from '../access/index.ts';
import { steadyTime } from '../base/clock.ts';
import type { HeaderList, ProblemStatus } from '../http/index.ts';
import { newTally, type Tally } from '../store/request-stats.ts';
import type { Delivery } from './download/body-pipe.ts';
import type { FoundPlace, Place } from './match-mount.ts';
import { MAX_URL_LENGTH } from '../config/limits.ts';
import { problem, type Content, type Reply } from './reply.ts';
import { type RequestFacts, factsOf } from './platform-env.ts';

/** What the middleware and the handlers of one request share: `c.var.rangeway`. */
export interface Rangeway {
  /** On every answer, as X-Request-Id. */
  readonly requestId: string;
  /** Where the mount is that the request is for; `undefined` before `mount()`, and where it is for none. */
  readonly mount: { readonly path: string; readonly host: string | undefined } | undefined;
  /** The key of the object in the mount, decoded; `undefined` as for `mount`. */
  readonly key: string | undefined;
  /** What the request was let in with; `undefined` before `authorize()`. */
  readonly grant: Grant | undefined;
  /** What the request has cost so far. */
  readonly stats: Readonly<Tally>;
}

/** Of an app that composes these parts: `new Hono<RangewayEnv>()`. */
export interface RangewayEnv {
  readonly Variables: { readonly rangeway: Rangeway };
}

/** Hides in `c.var.rangeway` the state that the parts alone need, so that no app prints it by mistake. */
const EXCHANGE = Symbol('exchange');

/** `c.var.rangeway` as the parts know it. No getters: V8 makes each object that has its own a class of its own. */
type Shared = { -readonly [Name in keyof Rangeway]: Rangeway[Name] } & { [EXCHANGE]?: Exchange };

/** What the parts themselves need of a request. */
export interface Exchange {
  readonly shared: Shared;
  readonly requestId: string;
  readonly traceId: string | undefined;
  readonly received: Date;
  /** The same moment of `steadyTime`. */
  readonly begun: number;
  client: Client;
  readonly facts: RequestFacts;
  readonly stats: Tally;
  /** Set by `mount()`. */
  place: Place | undefined;
  /** Whether no part of anybody else's has had the request before the answer is made. */
  isAlone: boolean;
  /** Whether a part has to know how the body ends. */
  isWatched: boolean;
  /** Fields that are on every answer. */
  readonly fields: (() => HeaderList)[];
  /** The answer that was made last. */
  reply: Reply | undefined;
  /** And its Response. One that the app has rebuilt is another. */
  response: Response | undefined;
  /** Whether the answer that goes out has been chosen: one that is made later is dropped. */
  isSettled: boolean;
  /** Are told when an answer with bytes begins. */
  readonly starts: ((status: number, content: Content) => void)[];
  /** Are told when the answer has ended, however; the one that was added last is told first. */
  readonly ends: ((end: Ended) => void)[];
  /** Keeps the platform at work that outlasts the answer. */
  readonly defer: (work: Promise<unknown>) => void;
}

/** How an answer ended, and which. */
export interface Ended {
  readonly status: number;
  readonly reply: Reply | undefined;
  readonly delivery: Delivery;
}

/** For parts that are written here. */
export interface ExchangeEnv {
  readonly Variables: { rangeway: Shared };
}

export type ExchangeContext = Context<ExchangeEnv>;

/** Finds a client's address, as the platform tells it. */
export type ClientAddress = (request: Request, env: unknown) => string | undefined;

/** Whose request it is, or why that can't be told. */
export interface Client {
  readonly address: string | undefined;
  readonly error?: unknown;
}

/** What a request is called. */
export type Ids = Pick<Exchange, 'requestId' | 'traceId'>;

/** Where nothing is taken up from the client. */
export function randomIds(): Ids {
  return { requestId: crypto.randomUUID(), traceId: undefined };
}

/** Begins with a request. */
export function openExchange(
  c: ExchangeContext,
  { requestId, traceId }: Ids,
  facts: RequestFacts = factsOf(c.env),
): Exchange {
  const stats = newTally();
  const shared: Shared = { requestId, mount: undefined, key: undefined, grant: undefined, stats };
  const exchange: Exchange = {
    shared,
    requestId,
    traceId,
    received: new Date(),
    begun: steadyTime(),
    client: { address: facts.clientAddress },
    facts,
    stats,
    place: undefined,
    isAlone: false,
    isWatched: false,
    fields: [],
    reply: undefined,
    response: undefined,
    isSettled: false,
    starts: [],
    ends: [],
    defer: (work) => keepAlive(c, work),
  };
  shared[EXCHANGE] = exchange;
  c.set('rangeway', shared);
  return exchange;
}

/**
 * @param part that needs it, for the message
 * @throws Error where `requestId()` does not stand before it, or the request has been answered without it
 */
export function exchangeOf(c: ExchangeContext, part: string): Exchange {
  const exchange = findExchange(c);
  if (exchange === undefined) throw new Error(`${part} needs requestId() before it: app.use(requestId(), …)`);
  // Otherwise a slot or a storage connection that it takes would be given back by no part.
  if (exchange.isSettled) {
    throw new Error(`${part} was reached after the answer: a middleware before it does not wait for next()`);
  }
  return exchange;
}

/** `undefined` before `requestId()`. */
export function findExchange(c: ExchangeContext): Exchange | undefined {
  const shared: Shared | undefined = c.get('rangeway');
  return shared?.[EXCHANGE];
}

/**
 * What `mount()` has found, or the answer to a request that is for no key.
 *
 * @param part that needs it, for the message
 * @throws Error where `mount()` does not stand before it
 */
export function placeOf(
  c: ExchangeContext,
  { place, requestId }: Exchange,
  part: string,
): FoundPlace | { readonly type: 'refused'; readonly reply: Reply } {
  if (place === undefined) throw new Error(`${part} needs mount() before it: app.use(requestId(), mount(…), …)`);
  const { method, url } = c.req.raw;
  const refuse = (status: ProblemStatus, detail: string) =>
    ({ type: 'refused', reply: problem(status, detail, requestId, method) }) as const;
  if (url.length > MAX_URL_LENGTH) {
    return refuse(414, `The address is longer than the ${MAX_URL_LENGTH} characters that it may have.`);
  }
  switch (place.type) {
    case 'found':
      return place;
    case 'nowhere':
      return refuse(404, 'Nothing is served here.');
    case 'unsafe':
      return refuse(400, place.detail);
  }
}

/** Workers end a request's work when its response has ended; the log line, and a cache being filled, come after. */
function keepAlive(c: ExchangeContext, work: Promise<unknown>): void {
  try {
    c.executionCtx.waitUntil(work);
  } catch {
    // Hono throws where the platform has no execution context; there, nothing has to be kept alive.
  }
}
