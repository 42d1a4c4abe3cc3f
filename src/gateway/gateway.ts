import type { Context } from 'hono';
// One route is all there is: the preset with the smallest router.
import { Hono } from 'hono/tiny';
import { portableConduit, type Conduit } from './conduit.ts';
import type { Carrier } from './download.ts';
import { exchange, type Answer, type Target } from './exchange.ts';
import { parseLimits, type LimitsInput } from './limits.ts';
import { consoleLog, type Log, type Logged } from './log.ts';
import { openMount, openMounts, type Mount, type MountOptions, type SharedOptions } from './mount.ts';
import { purgeGuard, type PurgeOptions } from './purge.ts';
import type { RequestHead } from './request-head.ts';
import { makeTurnstile } from './turnstile.ts';
import { toResponse } from './web-response.ts';

/** What all mounts share. */
export interface GatewayParts {
  /** How bytes move on this platform. By default in JavaScript; on Workers, `rangeway/workers` has a native one. */
  readonly conduit?: Conduit;
  /** Where log entries go. By default to the console, a line of JSON each. */
  readonly log?: Log;
  /** Which requests make an entry. By default all of them. */
  readonly logged?: Logged | undefined;
  /** Whose request it is, for rules that ask. By default what `serve` of `rangeway/node` knows. */
  readonly clientAddress?: ClientAddress;
  readonly limits?: LimitsInput;
  /** Who may make it ask the storage again before its metadata are stale. By default nobody. */
  readonly purge?: PurgeOptions | undefined;
}

/**
 * Finds a client's address, as the platform tells it.
 *
 * @param env what the platform gave `fetch` beside the request
 */
export type ClientAddress = (request: Request, env: unknown) => string | undefined;

/** What a platform tells of a request that is not in it. */
export interface RequestFacts {
  /** Of the client, as text. */
  readonly clientAddress?: string | undefined;
  /**
   * Resolves when the answer's way to the client is over: whether all of it was handed to the system. Left out where
   * the platform does not tell.
   */
  readonly sent?: Promise<boolean> | undefined;
}

/** A gateway over one store. */
export interface GatewayOptions extends GatewayParts, MountOptions {
  readonly mounts?: undefined;
}

/** A gateway over several. What stands beside `mounts` holds for each mount that says nothing else. */
export interface MountsOptions extends GatewayParts, SharedOptions {
  readonly mounts: readonly MountOptions[];
  /** Of a mount alone, as are the next three. */
  readonly store?: undefined;
  readonly path?: undefined;
  readonly host?: undefined;
  readonly prefix?: undefined;
}

/** A Hono app that answers GET, HEAD and OPTIONS for the keys of stores. */
export interface Gateway extends Hono {
  /**
   * The same without web objects and routes, for a platform whose own HTTP has neither: on Node they are half of what a
   * small request costs. Left out where something has to see the Request.
   */
  readonly answer?: ((request: RequestHead, address: URL, facts: RequestFacts) => Promise<Answer>) | undefined;
}

/**
 * Makes a download gateway: a Hono app that answers GET, HEAD and OPTIONS for the keys of stores, at the root or
 * wherever `app.route(path, gateway)` mounts it.
 *
 * @throws SettingsError naming each field that is unknown or wrong, and what it takes
 */
export function createGateway(options: GatewayOptions | MountsOptions): Gateway {
  const {
    conduit = portableConduit,
    log = consoleLog,
    logged = 'requests',
    clientAddress,
    limits: input = {},
    purge,
    ...rest
  } = options;
  const limits = parseLimits(input);
  // Who counts the downloads that run has to know when each ends.
  const isWatched = logged === 'requests' || limits.downloads !== undefined;
  const carrier = { conduit, isWatched };
  const mounts = toMounts(rest, carrier);
  const context = {
    mounts,
    // Pages learn nothing where no mount lets them read.
    cors: { origins: mounts.every(({ cors }) => cors.origins.length === 0) ? [] : '*' } as const,
    log,
    logged,
    limits,
    turnstile: makeTurnstile(limits.downloads),
    purge: purge === undefined ? undefined : purgeGuard(purge),
  };
  const app = new Hono();
  app.all('*', async (c) => {
    const answer = await exchange(toTarget(c, clientAddress ?? fromEnvironment), context);
    keepAlive(c, answer.ended);
    try {
      return toResponse(answer);
    } catch (error) {
      answer.abandon();
      throw error;
    }
  });
  if (clientAddress !== undefined) return app;
  return Object.assign(app, {
    answer: (request: RequestHead, address: URL, { clientAddress: client, sent }: RequestFacts) =>
      exchange(
        { ...toPlace(request, address), path: address.pathname.slice(1), clientAddress: client, sent, defer: leave },
        context,
      ),
  });
}

function toMounts(
  options: Omit<GatewayOptions, keyof GatewayParts> | Omit<MountsOptions, keyof GatewayParts>,
  carrier: Carrier,
): readonly Mount[] {
  if (options.mounts === undefined) {
    const { mounts: _, ...only } = options;
    return [openMount(only, carrier)];
  }
  const { mounts, ...above } = options;
  return openMounts(above, mounts, carrier);
}

/** Where nothing has to be kept alive. */
const leave = (): void => undefined;

const fromEnvironment: ClientAddress = (_request, env) => {
  const address: unknown = typeof env === 'object' && env !== null ? Reflect.get(env, 'clientAddress') : undefined;
  return typeof address === 'string' ? address : undefined;
};

/** Whether the answer was sent, as a platform tells which knows. */
function sentOf(env: unknown): Promise<boolean> | undefined {
  const sent: unknown = typeof env === 'object' && env !== null ? Reflect.get(env, 'sent') : undefined;
  return sent instanceof Promise ? sent.then((isSent) => isSent === true) : undefined;
}

function toTarget(c: Context, clientAddress: ClientAddress): Target {
  const request = c.req.raw;
  const address = new URL(request.url);
  return {
    ...toPlace(request, address),
    path: below(address.pathname, mountPattern(c).replace(/\/?\*$/, '')),
    clientAddress: clientAddress(request, c.env),
    sent: sentOf(c.env),
    defer: (work) => keepAlive(c, work),
  };
}

function toPlace(request: RequestHead, { pathname, hostname, search }: URL) {
  // A dot at a name's end says that it is complete (RFC 3986 §3.2.2); it is the same host.
  const host = (request.headers.get('Host')?.replace(/:\d*$/, '') ?? hostname).replace(/\.$/, '').toLowerCase();
  return { request, host, pathname, query: search.slice(1) };
}

/**
 * The pattern of the route that runs. Not by `routePath` of hono/route: a context that another copy of hono made hides it
 * from that function.
 */
function mountPattern(c: Context): string {
  return c.req.routePath;
}

/** By segments, not by characters: Hono has matched the pattern against the path decoded. */
function below(pathname: string, pattern: string): string {
  if (pattern === '') return pathname.slice(1);
  return pathname.split('/').slice(pattern.split('/').length).join('/');
}

/** Workers end a request's work when its response has ended; the log line, and a cache being filled, come after. */
function keepAlive(c: Context, work: Promise<unknown>): void {
  try {
    c.executionCtx.waitUntil(work);
  } catch {
    // Hono throws where the platform has no execution context; there, nothing has to be kept alive.
  }
}
