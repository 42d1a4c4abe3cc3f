import type { Hono } from 'hono';
// The preset with the smallest router. The gateway has few routes, and each of them matches all paths.
import { Hono as TinyHono } from 'hono/tiny';
import type { Observer } from '../observe/event.ts';
import { logObserver } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics/prometheus.ts';
import type { TransferTracker } from '../observe/transfers.ts';
import { portableBodyPipe, type BodyPipe } from './download/body-pipe.ts';
import type { ClientAddress } from './gateway-request.ts';
import { download } from './handlers/download.ts';
import { health, ready } from './handlers/health.ts';
import { listing } from './handlers/listing.ts';
import { metricsPage } from './handlers/metrics.ts';
import { methodNotAllowed, options as answerOptions } from './handlers/other-methods.ts';
import { pageAssets, PAGE_SCRIPT_NAME } from './handlers/page-assets.ts';
import { purge, PURGE, type PurgedKey, type PurgeOptions } from './handlers/purge.ts';
import { ownTransfer } from './handlers/own-transfer.ts';
import { transferReceipt } from './handlers/receipt.ts';
import { importTransfers } from './handlers/import-transfers.ts';
import { transfersApi } from './handlers/transfers.ts';
import { transfersPage } from './handlers/transfers-page.ts';
import { settingsError } from '../base/settings-error.ts';
import { assertOneToken, assertQuota } from '../config/transfers-config.ts';
import { parseLimits, type LimitsInput } from '../config/limits.ts';
import { accessLog } from './middleware/access-log.ts';
import { authorize } from './middleware/authorize.ts';
import { concurrencyLimit } from './middleware/concurrency-limit.ts';
import { cors } from './middleware/cors.ts';
import { mountName } from '../transfers/transfer-store.ts';
import { linkLimits, type LinkLimitsOptions } from './middleware/link-limits.ts';
import type { Mount } from './match-mount.ts';
import { toErrorPage } from './middleware/error-pages.ts';
import { mountMiddleware } from './middleware/mount.ts';
import { beginRequest } from './middleware/request-id.ts';
import type { ProbedStore } from './readiness.ts';
import { openMounts, type MountOptions, type MountTableOptions } from './open-mounts.ts';

/** Options of the whole gateway, not of one mount. */
export interface GatewayBaseOptions {
  /** How bodies are piped to clients. By default in JavaScript; `rangeway/workers` has a native pipe for Workers. */
  readonly bodyPipe?: BodyPipe;
  /** Called for each request. By default {@link logObserver}, which prints one line of JSON a request. */
  readonly observers?: readonly Observer[];
  /** Finds the client's address for access rules. By default `serve`, `handle` and `streamHandle` pass it. */
  readonly clientAddress?: ClientAddress;
  /** Limits on concurrent downloads and on idle bodies. */
  readonly limits?: LimitsInput;
  /** The token of PURGE requests, which cause cached metadata to be revalidated. By default PURGE is not allowed. */
  readonly purge?: PurgeOptions | undefined;
  /** The token of the addresses below `/.rangeway/`, which also allows purges. By default there are no such addresses. */
  readonly admin?: { readonly token: string } | undefined;
  /** Aborted when the process is about to stop: from then on `/.rangeway/ready` is answered 503. */
  readonly draining?: AbortSignal | undefined;
  /** Counts requests, served at `/.rangeway/metrics`: `prometheusMetrics()`. By default there is no such address. */
  readonly metrics?: Metrics | undefined;
  /** Keeps the state of downloads: `trackTransfers({ store })`. By default it is not kept. */
  readonly transfers?: TransferTracker | undefined;
  /** With `strict`, links with an id are answered 503 while the store of transfers does not answer. By default they go on. */
  readonly quota?: LinkLimitsOptions | undefined;
}

/** Options of a gateway with one store. */
export interface GatewayOptions extends GatewayBaseOptions, MountOptions {
  readonly mounts?: undefined;
}

/** Options of a gateway with several mounts. */
export interface MountsOptions extends GatewayBaseOptions, MountTableOptions {}

/**
 * Creates a download gateway: a Hono app that answers GET, HEAD and OPTIONS for the keys of its stores. It can be the
 * whole app, or be mounted with `app.route(path, gateway)`. Its middleware and handlers are exported too, for apps that
 * compose them differently.
 *
 * @param options of the gateway and of its only mount, or of all `mounts`
 * @throws SettingsError that names each field which is unknown or invalid, and the values that it takes
 * @example
 * import { Hono } from 'hono';
 * import { createGateway, memoryCache, memoryStore } from 'rangeway';
 *
 * const gateway = createGateway({ store: memoryStore(), cache: memoryCache({ maxBytes: 256 * 1024 * 1024 }) });
 * export default new Hono().route('/files', gateway);
 */
export function createGateway(options: GatewayOptions | MountsOptions): Hono {
  const {
    bodyPipe = portableBodyPipe,
    observers,
    clientAddress,
    limits: limitsInput = {},
    purge: ownPurge,
    admin,
    draining,
    metrics,
    transfers,
    quota,
    ...mountOptions
  } = options;
  const limits = parseLimits(limitsInput);
  assertQuota(quota, transfers !== undefined);
  if (admin !== undefined && ownPurge !== undefined && ownPurge.token !== admin.token) assertOneToken(admin, ownPurge);
  const purgeOptions: PurgeOptions | undefined = ownPurge ?? admin;
  const mounts = openMounts(mountOptions, bodyPipe);
  if (transfers === undefined && mounts.some(({ isCounted }) => isCounted)) {
    throw settingsError('has no effect without transfers: trackTransfers({ store })', 'mounts.transfers');
  }
  // If no mount allows an origin, pages of other origins can't read the 404 of an unmatched path either.
  const isCorsOff = mounts.every((mount) => mount.cors.origins.length === 0);

  const observed = withObservers(observers, metrics, transfers);
  const isListing = mounts.some(({ list }) => list !== undefined);
  const app = new TinyHono();
  const begin = beginRequest({ clientAddress }, true, toErrorPage);
  app.use(begin);
  // Monitors ask every few seconds, and as many requests as are allowed may be running.
  app.all('/.rangeway/health', health());
  app.all('/.rangeway/ready', ready({ stores: probedStores(mounts), draining }));
  app.get('/.rangeway/assets/*', pageAssets());
  app.get(`/.rangeway/${PAGE_SCRIPT_NAME}`, pageAssets());
  app.use(accessLog(observed), cors({ origins: isCorsOff ? [] : '*' }));
  if (metrics !== undefined) {
    metrics.addMounts(mounts.map(({ location }) => location));
    app.all('/.rangeway/metrics', metricsPage({ metrics, token: admin?.token }));
  }
  if (admin !== undefined) app.use(transfersPage({ hasTransfers: transfers !== undefined }));
  if (admin !== undefined && transfers !== undefined) {
    app.post('*', importTransfers(transfers, admin.token, mounts));
    app.use(transfersApi({ transfers, token: admin.token }));
  }
  if (limits.downloads !== undefined) app.get('*', concurrencyLimit(limits.downloads));
  app.use(mountMiddleware(mounts));
  app.get('*', authorize());
  if (transfers !== undefined) app.get('*', linkLimits(transfers, quota), ownTransfer(transfers));
  app.get('*', download({ ...limits, folders: isListing ? listing({ hasScript: true }) : undefined }));
  if (transfers !== undefined) app.post('*', transferReceipt(transfers, quota));
  if (purgeOptions !== undefined) app.on(PURGE, '*', purge(purgeOptions));
  purgeOptions?.peers?.subscribe((purged) => purgeLocally(mounts, purged));
  app.options('*', answerOptions());
  app.all('*', methodNotAllowed(...(purgeOptions === undefined ? [] : [PURGE])));
  if (clientAddress === undefined) gateways.add(app);
  return app;
}

function withObservers(
  observers: readonly Observer[] = [logObserver()],
  ...others: readonly ({ readonly observer: Observer } | undefined)[]
): readonly Observer[] {
  return [...observers, ...others.flatMap((other) => (other === undefined ? [] : [other.observer]))];
}

/** The stores of the mounts, each once. */
function probedStores(mounts: readonly Mount[]): readonly ProbedStore[] {
  const stores = new Map(mounts.map(({ source, location }) => [source, mountName(location)]));
  return [...stores].map(([store, name]) => ({ name, store }));
}

function purgeLocally(mounts: readonly Mount[], { path, host, key }: PurgedKey): void {
  mounts.find((mount) => mount.location.path === path && mount.location.host === host)?.purge(key);
}

const gateways = new WeakSet<object>();

/** Returns whether `app` was made by {@link createGateway}, and no function of a user receives its Requests. */
export function isGateway(app: object): boolean {
  return gateways.has(app);
}
