import { statSync } from 'node:fs';
import { diskCache } from '../../cache/drivers/disk.ts';
import { memoryCache } from '../../cache/drivers/memory.ts';
import { withMemoryTier } from '../../cache/drivers/memory-tier.ts';
import type { BlockCache } from '../../cache/block-cache.ts';
import type { CacheConfig } from '../../config/cache-config.ts';
import type { Config, MountConfig } from '../../config/config.ts';
import type { StoreConfig } from '../../config/store-config.ts';
import { withDigestTags } from '../../digests/with-digest-tags.ts';
import type { Log } from '../../observe/log.ts';
import { settingsError } from '../../base/settings-error.ts';
import { fsStore } from '../../store/drivers/fs/fs-store.ts';
import type { ObjectStore } from '../../store/object-store.ts';
import type { TransferStore } from '../../transfers/transfer-store.ts';
import { openTransferStore } from './open-transfer-store.ts';
import { openConfig, type OpenedMetrics } from '../open-config.ts';
import type { MetricsConfig } from '../../config/metrics-config.ts';
import { prometheusMetrics } from '../../observe/metrics/prometheus.ts';
import { openJwt } from '../open-jwt.ts';
import { loadS3, type S3Parts } from '../s3/load-s3.ts';
import type { S3Access } from '../s3/s3-access.ts';

/**
 * Creates the options of a gateway from a configuration, on Node. The AWS SDK is
 * loaded only if a mount reads S3.
 *
 * @param store for mounts that name no store
 * @param access for S3 buckets, unless a mount says otherwise
 * @param defaultPrefix prepended to each key in `store`, and so to the keys in its fallback
 * @param log receives the log entries; by default they go to the console
 * @param secret returns the value of a secret by its name; by default the variable of the environment
 * @param indexes opens the piece indexes of mounts that name no store; by default they are in `store`
 * @param transferStore takes the place of the store of transfers that the configuration names
 * @throws SettingsError with the name of each missing or invalid field
 *
 * @example
 * import { createGateway, openNodeConfig, parseConfig, serve } from 'rangeway/node';
 *
 * const config = parseConfig({ mounts: [{ path: '/files', store: { type: 'dir', path: 'public' } }] });
 * await serve(createGateway(await openNodeConfig(config, undefined)), { port: 8080 });
 */
export async function openNodeConfig(
  config: Config,
  store: ObjectStore | undefined,
  access: S3Access = {},
  defaultPrefix = '',
  log?: Log,
  secret: (name: string) => string | undefined = (name) => process.env[name],
  indexes?: (bucket: string | undefined) => ObjectStore,
  transferStore?: TransferStore,
): Promise<ReturnType<typeof openConfig>> {
  const s3 = config.mounts.some(readsS3) ? await loadS3() : undefined;
  return openConfig(config, {
    defaultStore: () => store ?? missing(),
    defaultPrefix,
    defaultIndexes: indexes,
    log,
    open: (storeConfig) => openStore(storeConfig, access, s3),
    cache: openCache,
    // A store that Node lacks is refused here too. A file is opened by its first use alone.
    transfers: (settings) => openTransferStore(settings) && (transferStore ?? openTransferStore(settings)),
    defaultTransfers: 'sqlite',
    metrics: openMetrics,
    defaultMetrics: 'token',
    secret,
    jwt: openJwt,
  });
}

function openMetrics(metrics: MetricsConfig): OpenedMetrics | undefined {
  switch (metrics) {
    case 'token':
    case 'public':
      return { metrics: prometheusMetrics({ isPublic: metrics === 'public' }) };
    case 'analytics-engine':
    case 'off':
      return undefined;
  }
}

function missing(): never {
  throw settingsError('is missing; a mount takes a store, since nothing else names one');
}

function readsS3({ store, fallback }: MountConfig): boolean {
  return store?.type === 's3' || fallback?.type === 's3';
}

function openStore(store: StoreConfig, access: S3Access, s3: S3Parts | undefined): ObjectStore | undefined {
  switch (store.type) {
    case 's3':
      return s3?.s3Storage(s3.toS3Source(store, access));
    case 'dir':
      return openFolder(store);
    case 'r2':
      return undefined;
  }
}

function openFolder({ path, hidden, etag }: Extract<StoreConfig, { readonly type: 'dir' }>): ObjectStore {
  const store = fsStore(existingFolder(path), { hidden });
  return etag === 'digest' ? withDigestTags(store, fsStore(path)) : store;
}

/** @throws SettingsError if it does not exist, or is a file: every request would be answered 404 */
function existingFolder(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory() === true) return path;
  throw settingsError(
    stats === undefined ? `there is no folder "${path}"` : `"${path}" is a file, and no folder`,
    'path',
  );
}

function openCache(cache: CacheConfig): BlockCache | undefined {
  switch (cache.type) {
    case 'memory':
      return memoryCache({ maxBytes: cache.bytes });
    case 'disk':
      return openDisk(cache);
    case 'tiered':
    case 'workers':
      return undefined;
  }
}

/** @throws SettingsError if the folder is a file: the cache would keep nothing, without an error */
function openDisk({ folder, bytes, memory }: Extract<CacheConfig, { readonly type: 'disk' }>): BlockCache {
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (stats?.isDirectory() === false) throw settingsError(`"${folder}" is a file, and no folder`, 'folder');
  const disk = diskCache({ folder, maxBytes: bytes });
  return memory === 0 ? disk : withMemoryTier(disk, { maxBytes: memory });
}
