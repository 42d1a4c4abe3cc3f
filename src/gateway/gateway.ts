import { Hono, type Context } from 'hono';
import { routePath } from 'hono/route';
import type { ObjectStore } from '../store/object-store.ts';
import { portableConduit, type Conduit } from './conduit.ts';
import { exchange, type Target } from './exchange.ts';
import { consoleLog, type Log } from './log.ts';
import type { Overflow } from './overflow.ts';
import { parseSettings, toRangePolicy, type SettingsInput } from './settings.ts';
import { openStorage } from './storage.ts';
import { makeTurnstile } from './turnstile.ts';

/** What a gateway is made of. */
export interface GatewayOptions extends SettingsInput {
  /** Where the objects are. */
  readonly store: ObjectStore;
  /** How bytes move on this platform. By default in JavaScript; on Workers, `rangeway/workers` has a native one. */
  readonly conduit?: Conduit;
  /** Where log entries go. By default to the console, a line of JSON each. */
  readonly log?: Log;
  /** What the platform can't send, and what is done about it. By default everything fits. */
  readonly overflow?: Overflow;
}

/**
 * Makes a download gateway: a Hono app that answers GET, HEAD and OPTIONS for the keys of a store, at the root or
 * wherever `app.route(path, gateway)` mounts it.
 *
 * @throws SettingsError naming each field that is unknown or wrong, and what it takes
 */
export function createGateway(options: GatewayOptions): Hono {
  const { store, conduit = portableConduit, log = consoleLog, overflow, ...input } = options;
  const settings = parseSettings(input);
  const { cacheControl, disposition, limits } = settings;
  const downloads = {
    store: openStorage(store, conduit, settings),
    conduit,
    policy: toRangePolicy(settings),
    cacheControl,
    disposition,
    overflow,
  };
  const context = { downloads, log, settings, turnstile: makeTurnstile(limits.downloads) };
  const app = new Hono();
  app.all('*', async (c) => {
    const { response, ended } = await exchange(toTarget(c), context);
    keepAlive(c, ended);
    return response;
  });
  return app;
}

function toTarget(c: Context): Target {
  const mount = routePath(c).replace(/\/\*$/, '');
  const { pathname, searchParams } = new URL(c.req.raw.url);
  return { request: c.req.raw, path: pathname.slice(mount.length + 1), save: searchParams.has('download') };
}

/** Workers end a request's work when its response has ended, and the log line is written just after. */
function keepAlive(c: Context, ended: Promise<void>): void {
  try {
    c.executionCtx.waitUntil(ended);
  } catch {
    // Hono throws where the platform has no execution context; there, nothing has to be kept alive.
  }
}
