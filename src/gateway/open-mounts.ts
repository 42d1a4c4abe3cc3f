import { publicAccess, type AccessRule, type AccessNeeds } from '../access/index.ts';
import type { BlockCache } from '../cache/block-cache.ts';
import { pieceIndexes, type PieceIndexes } from '../digests/piece-indexes.ts';
import { withPieceDigests } from '../digests/with-piece-digests.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { withPrefix } from '../store/wrappers/with-prefix.ts';
import type { BodyPipe } from './download/body-pipe.ts';
import { assertInherited, assertPublicCaching, inheritFields, definedFields } from '../config/inherit.ts';
import type { LinkTarget, SizeLimit } from '../config/size-limit.ts';
import { settingsError } from '../base/settings-error.ts';
import { assertParallelReads } from '../config/parallel-reads-setting.ts';
import { assertExact, exactTransfers } from '../config/transfers-config.ts';
import { isListable } from '../store/listable-store.ts';
import { check, mountList } from '../config/schema.ts';
import { composeStore } from './mount-store.ts';
import { sortMounts, type Mount } from './match-mount.ts';
import * as v from 'valibot';
import {
  keyPrefix as keyPrefixSchema,
  settingsEntries,
  toRangePolicy,
  type Settings,
  type SettingsInput,
  locationEntries,
} from '../config/settings.ts';
import type { CorsPolicy } from '../http/index.ts';

/** Options of a mount that can also be given once for all mounts. */
export interface SharedOptions extends SettingsInput {
  /** The access rule. By default `publicAccess()`, which grants every request. */
  readonly access?: AccessRule | undefined;
  /** The cache for blocks of objects. By default, and with `false`, there is none: every request reads the storage. */
  readonly cache?: BlockCache | false | undefined;
  /** The largest body that the platform can send, and the response to larger ones. By default there is no limit. */
  readonly overflow?: SizeLimit | undefined;
  /** Whether the objects have piece indexes, which are served at `?pieces` and `?meta4`. By default `false`. */
  readonly pieces?: boolean | PiecesOptions | undefined;
}

/** Where the piece indexes of a mount are. */
export interface PiecesOptions {
  /** By default the store of the mount, without the mount's `prefix`. */
  readonly store?: ObjectStore | undefined;
  /** Put before `.rangeway/pieces/`. By default empty. */
  readonly prefix?: string | undefined;
  /** The prefix that the store of the mount adds to keys by itself, because an index is found by the whole key. */
  readonly keyPrefix?: string | undefined;
}

/** Options of one mount: a store that is served below one path. */
export interface MountOptions extends SharedOptions {
  /** The path, such as `/releases`; by default `/`. If several mounts match a request, the longest path is used. */
  readonly path?: string | undefined;
  /** The host without a port; by default any. Of two mounts with the same path, the one with a host is preferred. */
  readonly host?: string | undefined;
  /** The storage of the objects. */
  readonly store: ObjectStore;
  /** Added before every key unchanged: `releases/` serves the objects whose keys begin with it. */
  readonly prefix?: string | undefined;
}

/** Options of one of several mounts, or of a mount in an app of your own. */
export interface TableMountOptions extends MountOptions {
  /**
   * `exact`: on Workers, the bytes of broken responses are counted for transfers, which costs CPU time. By default the
   * platform's own pipe sends bodies, and does not report them. Other platforms count them anyway.
   */
  readonly transfers?: 'exact' | undefined;
}

/** Options of several mounts. An option beside `mounts` is the default for each mount that does not set it. */
export interface MountTableOptions extends SharedOptions {
  readonly mounts: readonly TableMountOptions[];
  /** Belongs to one mount, as do the next three, so it has no default for all. */
  readonly store?: undefined;
  readonly path?: undefined;
  readonly host?: undefined;
  readonly prefix?: undefined;
}

/** The schema of a value with methods, which is passed on unchanged. */
function instance<Value extends object>(type: 'object' | 'function', message: string) {
  return v.custom<Value>((value) => typeof value === type && value !== null, message);
}

const sharedEntries = {
  ...settingsEntries,
  access: v.optional(instance<AccessRule>('function', 'takes a rule, such as signedAccess(keys)')),
  cache: v.optional(
    v.custom<BlockCache | false>(
      (value) => value === false || (typeof value === 'object' && value !== null),
      'takes false, or a cache, such as memoryCache({ maxBytes })',
    ),
  ),
  overflow: v.optional(instance<SizeLimit>('object', 'takes a table with the fields limit, policy, link')),
  pieces: v.optional(
    v.custom<boolean | PiecesOptions>(
      (value) => typeof value === 'boolean' || (typeof value === 'object' && value !== null),
      'takes true, false, or a table with the fields store, prefix, keyPrefix',
    ),
    false,
  ),
};

const SharedSchema = v.strictObject(sharedEntries);

const MountsSchema = v.object({ mounts: mountList(instance('object', 'takes a table of fields')) });

const MountSchema = v.strictObject({
  ...sharedEntries,
  ...locationEntries,
  store: instance<ObjectStore>('object', 'takes a store, such as memoryStore()'),
  prefix: v.optional(keyPrefixSchema, ''),
  transfers: v.optional(exactTransfers),
});

/** Fields that belong to one mount and have no default for all. */
const MOUNT_ONLY = ['store', 'path', 'host', 'prefix'] as const;

/**
 * Checks the options of one mount or several, and composes their stores.
 *
 * @returns the mounts, sorted by precedence
 * @throws SettingsError that names each field which is unknown, invalid, or has no effect
 */
export function openMounts(
  options: (TableMountOptions & { readonly mounts?: undefined }) | MountTableOptions,
  bodyPipe: BodyPipe,
): readonly Mount[] {
  if (options.mounts === undefined) {
    const { mounts: _, ...mount } = options;
    return [openMount(mount, bodyPipe)];
  }
  const { mounts, ...shared } = options;
  return openSeveral(shared, mounts, bodyPipe);
}

/**
 * Opens mounts, each with the shared options that it does not set itself ({@link inheritFields}).
 *
 * @param shared options that are the default for each mount
 * @throws SettingsError that names each field which is unknown, invalid, or has no effect
 */
function openSeveral(shared: object, mounts: readonly TableMountOptions[], bodyPipe: BodyPipe): readonly Mount[] {
  const sharedFields = definedFields(shared);
  const name = MOUNT_ONLY.find((field) => field in sharedFields);
  if (name !== undefined) {
    throw settingsError(`has no effect beside mounts; each mount takes a ${name} of its own`, name);
  }
  check(SharedSchema, sharedFields);
  check(MountsSchema, { mounts });
  assertInherited(sharedFields, mounts);
  return sortMounts(mounts.map((mount, i) => openMount(inheritFields(shared, mount), bodyPipe, `mounts.${i}.`)));
}

/**
 * Checks the options of one mount and composes its store.
 *
 * @param fieldPrefix put before the names of fields in messages
 * @throws SettingsError that names each field which is unknown or invalid, and the values that it takes
 */
function openMount(options: TableMountOptions, bodyPipe: BodyPipe, fieldPrefix = ''): Mount {
  const {
    path,
    host,
    store,
    prefix,
    access: rule,
    cache,
    overflow,
    pieces: piecesOptions,
    transfers: counting,
    ...settings
  } = check(MountSchema, options, fieldPrefix);
  const { cacheControl, cdnCacheControl, cacheTags, disposition } = settings;
  assertPublicCaching(settings, rule === undefined || rule === publicAccess(), fieldPrefix);
  assertParallelReads(settings.parallelReads, bodyPipe.maxParallelReads, fieldPrefix);
  assertExact(counting, bodyPipe.isNative, fieldPrefix);
  const root = path.replace(/\/$/, '');
  // The public rule grants every request, so it is not called.
  const access = rule === publicAccess() ? undefined : rule;
  if (settings.listing !== false && !isListable(store))
    throw settingsError("this store can't list its keys; leave the setting out", `${fieldPrefix}listing`);
  const blockCache = cache === false ? undefined : cache;
  const prefixed = prefix === '' ? store : withPrefix(store, prefix);
  // Mounts may share a cache, and their keys may be equal: host and path make the cache keys distinct.
  const { store: opened, list, purge } = composeStore(prefixed, blockCache, `${host ?? ''}${path}`, bodyPipe, settings);
  const pieces = openPieces(piecesOptions, store, prefix, blockCache !== undefined, settings);
  // Without a cache, each GET of a bucket would take one request more.
  const hasDigests = pieces !== undefined && (store.isLocal === true || blockCache !== undefined);
  return {
    path: root,
    host,
    location: { path: root, host },
    prefix,
    access,
    settings,
    cors: corsPolicy(settings.cors, access?.needs),
    headers: Object.entries(settings.headers ?? {}),
    downloads: {
      store: hasDigests ? withPieceDigests(opened, pieces) : opened,
      bodyPipe,
      policy: toRangePolicy(settings),
      cacheControl,
      cdnCacheControl,
      cacheTags,
      disposition,
      sizeLimit: overflow === undefined ? undefined : withLinkPrefix(overflow, prefix),
    },
    isCounted: counting === 'exact',
    list,
    pieces,
    purge(key) {
      purge(key);
      pieces?.forget(key);
    },
  };
}

/**
 * Opens the piece indexes of a mount. With a cache, they are looked at as often as metadata. In a folder, an index that
 * was found is never looked at again, because it is that of one version, and one that is missing is looked for each time.
 */
function openPieces(
  options: boolean | PiecesOptions,
  mountStore: ObjectStore,
  mountPrefix: string,
  isCached: boolean,
  { blocks: { ttl } }: Settings,
): PieceIndexes | undefined {
  if (options === false) return undefined;
  const { store = mountStore, prefix = '', keyPrefix = '' } = options === true ? {} : options;
  const cachedTtl = ttl === 'forever' ? Number.POSITIVE_INFINITY : ttl;
  const isLocal = mountStore.isLocal === true;
  return pieceIndexes({
    store,
    prefix,
    keyPrefix: keyPrefix + mountPrefix,
    ttl: isLocal ? Number.POSITIVE_INFINITY : isCached ? cachedTtl : 0,
    absentTtl: isLocal || !isCached ? 0 : Math.min(cachedTtl, MAX_ABSENT),
  });
}

/** Longest time for which it is remembered that an object has no index, in ms: it may be built at any time. */
const MAX_ABSENT = 60_000;

/** Adds the prefix to the keys of links, because a link contains the key that the storage knows. */
function withLinkPrefix({ link, linkWhole, ...overflow }: SizeLimit, prefix: string): SizeLimit {
  const prefixed = (target: LinkTarget) => ({ ...target, key: prefix + target.key });
  return {
    ...overflow,
    link: link && ((target) => link(prefixed(target))),
    linkWhole: linkWhole && ((target) => linkWhole(prefixed(target))),
  };
}

/**
 * Returns the CORS policy of a mount. By default all origins may read. If the access rule needs only what a browser
 * sends by itself, such as its IP address, a page of any site could read the files in the browser of a permitted
 * client, so no origin may read unless `cors.origins` allows it.
 *
 * @param needs of the access rule of the mount
 */
export function corsPolicy(
  { origins, headers }: { readonly [Field in keyof CorsPolicy]?: CorsPolicy[Field] | undefined },
  needs: AccessNeeds | undefined,
): CorsPolicy {
  return { origins: origins ?? (needs === 'ambient' ? [] : '*'), headers };
}
