import { diskCache } from '../cache/drivers/disk.ts';
import { memoryCache } from '../cache/drivers/memory.ts';
import type { BlockCache } from '../cache/block-cache.ts';
import type { CacheConfig, Config, StoreConfig } from '../gateway/config.ts';
import type { GatewayParts } from '../gateway/create-gateway.ts';
import type { MountOptions } from '../gateway/mount.ts';
import type { Log } from '../observe/log.ts';
import { settingsError } from '../config/settings-error.ts';
import { fsStore } from '../store/drivers/fs.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { openConfig } from './open-config.ts';
import { openJwt } from './open-jwt.ts';
import type { S3Access } from './s3-client.ts';
import { s3Storage, toS3Source } from './s3-storage.ts';

/**
 * Makes the mounts of a configuration on Node. Secrets are variables of the environment.
 *
 * @param store what mounts without one of their own are over
 * @param access how buckets are reached that say nothing else
 * @param ownPrefix what stands before each key in `store`, and so before those of its fallback
 * @param log where log entries go; by default to the console
 * @throws SettingsError naming what is missing or can't be used
 */
export function openNodeConfig(
  config: Config,
  store: ObjectStore | undefined,
  access: S3Access = {},
  ownPrefix = '',
  log?: Log,
): Pick<GatewayParts, 'limits' | 'observers' | 'purge'> & { readonly mounts: readonly MountOptions[] } {
  return openConfig(config, {
    own: () => store ?? missing(),
    ownPrefix,
    log,
    open: (one) => openStore(one, access),
    cache: openCache,
    secret: (name) => process.env[name],
    jwt: openJwt,
  });
}

function missing(): never {
  throw settingsError('mounts: a mount takes a store, since nothing else names one');
}

function openStore(store: StoreConfig, access: S3Access): ObjectStore | undefined {
  switch (store.type) {
    case 's3':
      return s3Storage(toS3Source(store, access));
    case 'dir':
      return fsStore(store.path, store);
    case 'r2':
      return undefined;
  }
}

function openCache(cache: CacheConfig): BlockCache | undefined {
  switch (cache.type) {
    case 'memory':
      return memoryCache({ maxBytes: cache.bytes });
    case 'disk':
      return diskCache({ folder: cache.folder, maxBytes: cache.bytes });
    case 'tiered':
    case 'workers':
      return undefined;
  }
}
