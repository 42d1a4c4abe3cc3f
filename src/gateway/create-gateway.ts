import type { Hono } from 'hono';
// The preset with the smallest router: there are few routes, and all of them match all paths.
import { Hono as TinyHono } from 'hono/tiny';
import type { Observer } from '../observe/event.ts';
import { portableBodyPipe, type BodyPipe } from './download/body-pipe.ts';
import type { ClientAddress } from './gateway-request.ts';
import { download } from './handlers/download.ts';
import { methodNotAllowed, options as answerOptions } from './handlers/other-methods.ts';
import { purge, PURGE, type PurgeOptions } from './handlers/purge.ts';
import { parseLimits, type LimitsInput } from '../config/limits.ts';
import { accessLog } from './middleware/access-log.ts';
import { authorize } from './middleware/authorize.ts';
import { concurrencyLimit } from './middleware/concurrency-limit.ts';
import { cors } from './middleware/cors.ts';
import { mountMiddleware } from './middleware/mount.ts';
import { beginRequest } from './middleware/request-id.ts';
import { openMounts, type MountOptions, type SeveralMounts } from './open-mounts.ts';

/** What all mounts share. */
export interface GatewayParts {
  /** How bytes move on this platform. By default in JavaScript; on Workers, `rangeway/workers` has a native one. */
  readonly bodyPipe?: BodyPipe;
  /** Are told of each request. By default {@link logObserver}, which writes a line of JSON for each to the console. */
  readonly observers?: readonly Observer[];
  /** Finds the client's address, for rules that ask. By default what `serve`, `handle` and `streamHandle` tell. */
  readonly clientAddress?: ClientAddress;
  readonly limits?: LimitsInput;
  /** The token for making it ask the storage again before its metadata are stale. By default there is none. */
  readonly purge?: PurgeOptions | undefined;
}

/** A gateway over one store. */
export interface GatewayOptions extends GatewayParts, MountOptions {
  readonly mounts?: undefined;
}

/** A gateway over several. */
export interface MountsOptions extends GatewayParts, SeveralMounts {}

/**
 * Makes a download gateway: a Hono app that answers GET, HEAD and OPTIONS for the keys of stores, at the root or
 * wherever `app.route(path, gateway)` mounts it. Each of its parts works in an app of one's own too.
 *
 * @throws SettingsError naming each field that is unknown or wrong, and what it takes
 * @example
 * const app = new Hono().route('/files', createGateway({ store: r2Store(env.BUCKET) }));
 */
export function createGateway(options: GatewayOptions | MountsOptions): Hono {
  const {
    bodyPipe = portableBodyPipe,
    observers,
    clientAddress,
    limits: given = {},
    purge: purging,
    ...rest
  } = options;
  const limits = parseLimits(given);
  const mounts = openMounts(rest, bodyPipe);
  // Pages learn nothing where no mount lets them read.
  const isClosed = mounts.every((one) => one.cors.origins.length === 0);

  const app = new TinyHono();
  app.use(beginRequest({ clientAddress }, true), accessLog(observers), cors({ origins: isClosed ? [] : '*' }));
  if (limits.downloads !== undefined) app.get('*', concurrencyLimit(limits.downloads));
  app.use(mountMiddleware(mounts));
  app.get('*', authorize(), download(limits));
  if (purging !== undefined) app.on(PURGE, '*', purge(purging));
  app.options('*', answerOptions());
  app.all('*', methodNotAllowed(...(purging === undefined ? [] : [PURGE])));
  if (clientAddress === undefined) gateways.add(app);
  return app;
}

const gateways = new WeakSet<object>();

/** Whether it is a gateway in which no code of anybody else's sees a Request. */
export function isGateway(app: object): boolean {
  return gateways.has(app);
}
