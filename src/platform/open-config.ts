import type { BlockCache } from '../cache/block-cache.ts';
import { logObserver, type Log } from '../observe/log.ts';
import type { CacheConfig, Config, MountConfig, StoreConfig } from '../config/config.ts';
import type { GatewayParts } from '../gateway/create-gateway.ts';
import type { MountOptions } from '../gateway/open-mounts.ts';
import type { SizeLimit } from '../config/size-limit.ts';
import { settingsError } from '../base/settings-error.ts';
import { locate } from '../config/schema.ts';
import { withFallback } from '../store/wrappers/with-fallback.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { withPrefix } from '../store/wrappers/with-prefix.ts';
import { openAccess, type AccessParts } from './open-access.ts';

/** What a configuration needs of its platform. */
export interface PlatformParts extends AccessParts {
  /** The store that the platform is bound to, or was told. */
  readonly defaultStore: () => ObjectStore;
  /** Stands before each key in it, and so before those of its fallback. By default nothing. */
  readonly defaultPrefix?: string | undefined;
  /** Opens another for this use; `undefined` for a type that this platform does not know. */
  readonly open: (store: StoreConfig, use: 'store' | 'fallback') => ObjectStore | undefined;
  readonly cache?: (cache: CacheConfig) => BlockCache | undefined;
  readonly overflow?: SizeLimit | undefined;
  /** Where log entries go. By default to the console. */
  readonly log?: Log | undefined;
  /** What mounts do unless they or the configuration say otherwise. */
  readonly defaults?: Pick<MountOptions, 'resume'>;
}

/**
 * Makes what a gateway is made of out of a configuration.
 *
 * @throws SettingsError where the platform has no such store or cache, or a secret is missing
 */
export function openConfig(
  { mounts, cache, limits, logged, purge }: Config,
  parts: PlatformParts,
): Pick<GatewayParts, 'limits' | 'observers' | 'purge'> & { readonly mounts: readonly MountOptions[] } {
  const kept = cache === undefined ? undefined : (parts.cache?.(cache) ?? refuse('cache', cache.type));
  const where = (i: number) => (mounts.length > 1 ? `mounts.${i}.` : '');
  return {
    limits,
    observers: [logObserver(parts.log, logged)],
    purge: purge === undefined ? undefined : { token: readToken(purge.token, parts) },
    mounts: mounts.map((mount, i) => toMountOptions(mount, kept, parts, where(i))),
  };
}

function readToken(name: string, { secret }: PlatformParts): string {
  const token = secret(name) ?? '';
  if (token === '') throw settingsError(`purge: ${name} is to hold a token, and is not set`);
  return token;
}

function toMountOptions(
  { store, fallback, access, overflow: policy, ...mount }: MountConfig,
  cache: BlockCache | undefined,
  parts: PlatformParts,
  where: string,
): MountOptions {
  const open = (use: 'store' | 'fallback', config: StoreConfig) =>
    parts.open(config, use) ?? refuse(`${where}${use}`, config.type);
  const first = store === undefined ? parts.defaultStore() : open('store', store);
  const shift = store === undefined ? (parts.defaultPrefix ?? '') : '';
  return {
    ...parts.defaults,
    ...mount,
    resume: mount.resume ?? parts.defaults?.resume,
    store: fallback === undefined ? first : withFallback(first, withPrefix(open('fallback', fallback), shift)),
    access: locate(`${where}access`, () => openAccess(access, parts)),
    cache: mount.cache ?? cache,
    overflow: parts.overflow === undefined || policy === undefined ? parts.overflow : { ...parts.overflow, policy },
  };
}

function refuse(what: string, type: string): never {
  throw settingsError(`${what}: this platform knows no "${type}"`);
}
