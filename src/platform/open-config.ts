import type { BlockCache } from '../cache/block-cache.ts';
import { logObserver, type Log, type LogOptions } from '../observe/log.ts';
import type { Observer } from '../observe/event.ts';
import type { Metrics } from '../observe/metrics/prometheus.ts';
import { assertMetrics, type MetricsConfig } from '../config/metrics-config.ts';
import { assertLog, type LogConfig } from '../config/log-config.ts';
import type { CacheConfig } from '../config/cache-config.ts';
import type { Config, MountConfig } from '../config/config.ts';
import type { PiecesConfig, StoreConfig } from '../config/store-config.ts';
import type { GatewayBaseOptions } from '../gateway/create-gateway.ts';
import type { MountOptions, PiecesOptions, TableMountOptions } from '../gateway/open-mounts.ts';
import type { SizeLimit } from '../config/size-limit.ts';
import { settingsError } from '../base/settings-error.ts';
import { withSettingName } from '../config/schema.ts';
import { trackTransfers, type TransferTracker } from '../observe/transfers.ts';
import type { TransferStore } from '../transfers/transfer-store.ts';
import {
  assertOneToken,
  assertTransfers,
  type TransfersConfig,
  type TransferStoreConfig,
} from '../config/transfers-config.ts';
import { withFallback } from '../store/wrappers/with-fallback.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { withPrefix } from '../store/wrappers/with-prefix.ts';
import { openAccess, type AccessParts } from './open-access.ts';

/** The functions and values of the platform that a configuration needs. */
export interface PlatformParts extends AccessParts {
  /** Opens the store of mounts that name none. */
  readonly defaultStore: () => ObjectStore;
  /** Prepended to each key in the default store, and so to the keys in its fallback. By default empty. */
  readonly defaultPrefix?: string | undefined;
  /**
   * Opens the store of the piece indexes of mounts that name no store: without a prefix, and another bucket if `bucket`
   * names one. By default `defaultStore`.
   */
  readonly defaultIndexes?: ((bucket: string | undefined) => ObjectStore) | undefined;
  /** Opens the store that a mount names; returns `undefined` if the platform does not support its type. */
  readonly open: (store: StoreConfig, use: 'store' | 'fallback') => ObjectStore | undefined;
  /** Opens a block cache; returns `undefined` if the platform does not support its type. */
  readonly cache?: (cache: CacheConfig) => BlockCache | undefined;
  /** Opens the store of transfers, or the platform's own; returns `undefined` if the platform lacks its type. */
  readonly transfers?: (settings: TransfersConfig) => TransferStore | undefined;
  /** The type of the platform's own store of transfers. By default memory. */
  readonly defaultTransfers?: TransferStoreConfig['type'] | undefined;
  /** Opens the numbers of requests; returns `undefined` if the platform has no such form of them. */
  readonly metrics?: (metrics: MetricsConfig) => OpenedMetrics | undefined;
  /** The setting `metrics` if there is a token of the administrator. By default off. */
  readonly defaultMetrics?: MetricsConfig | undefined;
  /** The size limit of a response body on this platform. By default there is none. */
  readonly overflow?: SizeLimit | undefined;
  /** Receives the log entries. By default they go to the console. */
  readonly log?: Log | undefined;
  /** Settings of mounts that do not set them. */
  readonly defaults?: Pick<MountOptions, 'resume'>;
}

/** Numbers of requests that the gateway serves, or observers that send them elsewhere. */
export interface OpenedMetrics {
  readonly metrics?: Metrics | undefined;
  readonly observers?: readonly Observer[] | undefined;
}

/** The options of a gateway, opened from a configuration. */
type OpenedConfig = Pick<GatewayBaseOptions, 'limits' | 'purge' | 'admin' | 'metrics' | 'transfers' | 'quota'> & {
  readonly observers: readonly Observer[];
  readonly mounts: readonly TableMountOptions[];
};

/**
 * Creates the options of a gateway from a configuration.
 *
 * @param parts the stores, caches and secrets of the platform
 * @throws SettingsError if the platform does not support a store or cache, or if a secret is missing
 */
export function openConfig(
  { mounts, cache, limits, logged, log, purge, admin, metrics, transfers, quota }: Config,
  parts: PlatformParts,
): OpenedConfig {
  const openedCache =
    cache === undefined
      ? undefined
      : withSettingName('cache', () => parts.cache?.(cache) ?? refuse('type', cache.type));
  assertOneToken(admin, purge);
  const token = admin && { token: withSettingName('admin.token', () => readToken(admin.token, parts)) };
  assertMetrics(metrics, admin !== undefined, undefined);
  const measured = openMetrics(metrics ?? (admin === undefined ? undefined : parts.defaultMetrics) ?? 'off', parts);
  const pathOf = (i: number) => (mounts.length > 1 ? `mounts.${i}.` : '');
  return {
    limits,
    observers: [logObserver(parts.log, logged, openLog(log, parts)), ...(measured.observers ?? [])],
    metrics: measured.metrics,
    purge: purge === undefined ? token : { token: withSettingName('purge.token', () => readToken(purge.token, parts)) },
    admin: token,
    quota,
    transfers: transfers && openTransfers(transfers, token !== undefined, parts),
    mounts: mounts.map((mount, i) => toMountOptions(mount, openedCache, parts, pathOf(i))),
  };
}

function openMetrics(metrics: MetricsConfig, parts: PlatformParts): OpenedMetrics {
  return metrics === 'off' ? {} : (parts.metrics?.(metrics) ?? refuse('metrics', metrics));
}

/** Reads the key of the hashes of clients. */
function openLog(log: LogConfig, parts: PlatformParts): LogOptions {
  assertLog(log);
  const { client, secret: name } = log;
  return { client, secret: name === undefined ? undefined : readHashKey('log.secret', name, parts) };
}

/** @throws SettingsError if the key is too short to resist guessing */
function readHashKey(setting: string, name: string, parts: PlatformParts): string {
  const secret = withSettingName(setting, () => readToken(name, parts));
  if (secret.length >= 32) return secret;
  throw settingsError('takes 32 characters at least, such as `openssl rand -hex 32` prints', setting);
}

/** Opens the store of transfers that is set, or the platform's own. */
function openTransfers(transfers: TransfersConfig, hasAdmin: boolean, parts: PlatformParts): TransferTracker {
  const type = transfers.store?.type ?? parts.defaultTransfers ?? 'memory';
  assertTransfers(transfers, type, hasAdmin);
  const store = parts.transfers?.(transfers) ?? withSettingName('transfers.store', () => refuse('type', type));
  const { identity, secret: name } = transfers;
  const secret = name === undefined ? undefined : readHashKey('transfers.secret', name, parts);
  return trackTransfers({ store, identity, secret });
}

function readToken(name: string, { secret }: PlatformParts): string {
  const token = secret(name) ?? '';
  if (token === '') throw settingsError(`${name} is to hold a token, and is not set`);
  return token;
}

function toMountOptions(
  { store, fallback, access, overflow: policy, pieces, ...mount }: MountConfig,
  cache: BlockCache | undefined,
  parts: PlatformParts,
  path: string,
): TableMountOptions {
  const open = (use: 'store' | 'fallback', config: StoreConfig) =>
    withSettingName(`${path}${use}`, () => parts.open(config, use) ?? refuse('type', config.type));
  const primary = store === undefined ? withSettingName(`${path}store`, parts.defaultStore) : open('store', store);
  const fallbackPrefix = store === undefined ? (parts.defaultPrefix ?? '') : '';
  return {
    ...parts.defaults,
    ...mount,
    resume: mount.resume ?? parts.defaults?.resume,
    store:
      fallback === undefined ? primary : withFallback(primary, withPrefix(open('fallback', fallback), fallbackPrefix)),
    access: withSettingName(`${path}access`, () => openAccess(access, parts)),
    cache: mount.cache ?? cache,
    pieces: pieces === false ? false : openPieces(pieces === true ? {} : pieces, store, parts, open),
    overflow: parts.overflow === undefined || policy === undefined ? parts.overflow : { ...parts.overflow, policy },
  };
}

function openPieces(
  { bucket, prefix }: Exclude<PiecesConfig, boolean>,
  store: StoreConfig | undefined,
  { defaultIndexes, defaultStore, defaultPrefix }: PlatformParts,
  open: (use: 'store', config: StoreConfig) => ObjectStore,
): PiecesOptions {
  const isElsewhere = bucket !== undefined || (prefix ?? '') !== '';
  if (store?.type === 'dir' && store.etag === 'digest' && isElsewhere)
    throw settingsError(
      'pieces: a folder with etag "digest" takes its indexes from the folder itself, so pieces is true',
    );
  if (store === undefined) return { store: (defaultIndexes ?? defaultStore)(bucket), prefix, keyPrefix: defaultPrefix };
  return { store: open('store', bucket === undefined ? store : inBucket(store, bucket)), prefix };
}

/** The same kind of store, of another bucket or folder. */
function inBucket(store: StoreConfig, bucket: string): StoreConfig {
  switch (store.type) {
    case 'r2':
      return { ...store, binding: bucket };
    case 's3':
      return { ...store, bucket };
    case 'dir':
      return { ...store, path: bucket };
  }
}

function refuse(setting: string, type: string): never {
  throw settingsError(`this platform knows no "${type}"`, setting);
}
