import type { BlockCache } from '../cache/block-cache.ts';
import type { CacheConfig, Config, MountConfig, StoreConfig } from '../gateway/config.ts';
import type { GatewayParts } from '../gateway/gateway.ts';
import type { MountOptions } from '../gateway/mount.ts';
import type { Overflow } from '../gateway/overflow.ts';
import { settingsError } from '../gateway/schema.ts';
import { withFallback } from '../store/fallback.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { openAccess, type AccessParts } from './open-access.ts';

/** What a configuration needs of its platform. */
export interface PlatformParts extends AccessParts {
  /** The store that the platform is bound to, or was told. */
  readonly own: () => ObjectStore;
  /** Opens another; `undefined` for a type that this platform does not know. */
  readonly open: (store: StoreConfig) => ObjectStore | undefined;
  readonly cache?: (cache: CacheConfig) => BlockCache | undefined;
  readonly overflow?: Overflow | undefined;
  /** What mounts do unless they or the configuration say otherwise. */
  readonly defaults?: Pick<MountOptions, 'resume'>;
}

/**
 * Makes what a gateway is made of out of a configuration.
 *
 * @throws SettingsError where the platform has no such store or cache, or a secret is missing
 */
export function openConfig(
  { mounts, cache, limits, purge }: Config,
  parts: PlatformParts,
): Pick<GatewayParts, 'limits' | 'purge'> & { readonly mounts: readonly MountOptions[] } {
  const kept = cache === undefined ? undefined : (parts.cache?.(cache) ?? refuse('cache', cache.type));
  return {
    limits,
    purge: purge === undefined ? undefined : { token: readToken(purge.token, parts) },
    mounts: mounts.map((mount) => openMount(mount, kept, parts)),
  };
}

function readToken(name: string, { secret }: PlatformParts): string {
  const token = secret(name) ?? '';
  if (token === '') throw settingsError(`purge: ${name} is to hold a token, and is not set`);
  return token;
}

function openMount(
  { store, fallback, access, cached = true, ...mount }: MountConfig,
  cache: BlockCache | undefined,
  parts: PlatformParts,
): MountOptions {
  const open = (config: StoreConfig) => parts.open(config) ?? refuse('store', config.type);
  const first = store === undefined ? parts.own() : open(store);
  return {
    ...parts.defaults,
    ...mount,
    resume: mount.resume ?? parts.defaults?.resume,
    store: fallback === undefined ? first : withFallback(first, open(fallback)),
    access: openAccess(access ?? 'public', parts),
    cache: cached ? cache : undefined,
    overflow: parts.overflow,
  };
}

function refuse(what: string, type: string): never {
  throw settingsError(`${what}: this platform knows no "${type}"`);
}
