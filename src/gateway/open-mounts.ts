import { publicAccess, type AccessRule, type AccessNeeds } from '../access/index.ts';
import type { BlockCache } from '../cache/block-cache.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { withPrefix } from '../store/wrappers/with-prefix.ts';
import type { BodyPipe } from './download/body-pipe.ts';
import { assertInherited, inherit, definedFields } from '../config/inherit.ts';
import type { SizeLimit } from '../config/size-limit.ts';
import { settingsError } from '../base/settings-error.ts';
import { assertParallelReads } from '../config/parallel-reads-setting.ts';
import { check, mountList } from '../config/schema.ts';
import { composeStore } from './mount-store.ts';
import { sortMounts, type Mount } from './match-mount.ts';
import * as v from 'valibot';
import { settingsEntries, toRangePolicy, type SettingsInput, locationEntries } from '../config/settings.ts';
import type { CorsPolicy } from '../http/index.ts';

/** What a mount has, and what may stand above all mounts in its place. */
export interface SharedOptions extends SettingsInput {
  /** Who may read. By default everybody, which `publicAccess()` says explicitly. */
  readonly access?: AccessRule | undefined;
  /** Where blocks of objects are kept. By default, and with `false`, nowhere: every request reads the storage. */
  readonly cache?: BlockCache | false | undefined;
  /** What the platform can't send, and what is done about it. By default everything fits. */
  readonly overflow?: SizeLimit | undefined;
}

/** One store under one path. */
export interface MountOptions extends SharedOptions {
  /** Where it is: `/releases`, for all below that. By default everything. The longest that fits a request counts. */
  readonly path?: string | undefined;
  /** The host for which it is, without a port. By default any; of two with the same path, the one that says counts. */
  readonly host?: string | undefined;
  /** Where the objects are. */
  readonly store: ObjectStore;
  /** Put before every key, as it is: `releases/` serves what is below it. */
  readonly prefix?: string | undefined;
}

/** Several mounts. What stands beside `mounts` holds for each mount that says nothing else. */
export interface SeveralMounts extends SharedOptions {
  readonly mounts: readonly MountOptions[];
  /** Of a mount alone, as are the next three. */
  readonly store?: undefined;
  readonly path?: undefined;
  readonly host?: undefined;
  readonly prefix?: undefined;
}

/** Of code: a value of ours with methods, which is passed on as it is. */
function part<Value extends object>(type: 'object' | 'function', message: string) {
  return v.custom<Value>((value) => typeof value === type && value !== null, message);
}

const sharedEntries = {
  ...settingsEntries,
  access: v.optional(part<AccessRule>('function', 'takes a rule, such as signedAccess(keys)')),
  cache: v.optional(
    v.custom<BlockCache | false>(
      (value) => value === false || (typeof value === 'object' && value !== null),
      'takes false, or a cache, such as memoryCache({ maxBytes })',
    ),
  ),
  overflow: v.optional(part<SizeLimit>('object', 'takes a table with the fields limit, policy, link')),
};

const AboveSchema = v.strictObject(sharedEntries);

const MountsSchema = v.object({ mounts: mountList(part('object', 'takes a table of fields')) });

const MountSchema = v.strictObject({
  ...sharedEntries,
  ...locationEntries,
  store: part<ObjectStore>('object', 'takes a store, such as memoryStore()'),
  prefix: v.optional(v.string('takes a text'), ''),
});

/** Fields that are of one mount alone. */
const PLACES = ['store', 'path', 'host', 'prefix'] as const;

/** @throws SettingsError that names each field which is unknown, wrong, or without effect where it stands */
export function openMounts(
  options: (MountOptions & { readonly mounts?: undefined }) | SeveralMounts,
  bodyPipe: BodyPipe,
): readonly Mount[] {
  if (options.mounts === undefined) {
    const { mounts: _, ...only } = options;
    return [openMount(only, bodyPipe)];
  }
  const { mounts, ...above } = options;
  return openSeveral(above, mounts, bodyPipe);
}

/**
 * Opens mounts with what stands above them filled in ({@link inherit}).
 *
 * @param above what holds for each mount that says nothing else
 * @throws SettingsError that names each field which is unknown, wrong, or without effect where it stands
 */
function openSeveral(above: object, mounts: readonly MountOptions[], bodyPipe: BodyPipe): readonly Mount[] {
  const written = definedFields(above);
  const name = PLACES.find((one) => one in written);
  if (name !== undefined) {
    throw settingsError(`${name}: has no effect beside mounts; each mount takes a ${name} of its own`);
  }
  check(AboveSchema, written);
  check(MountsSchema, { mounts });
  assertInherited(written, mounts);
  return sortMounts(mounts.map((mount, i) => openMount(inherit(above, mount), bodyPipe, `mounts.${i}.`)));
}

/**
 * @param where put before the names of fields
 * @throws SettingsError that names each field which is unknown or wrong, and what it takes
 */
function openMount(options: MountOptions, bodyPipe: BodyPipe, where = ''): Mount {
  const { path, host, store, prefix, access: rule, cache, overflow, ...settings } = check(MountSchema, options, where);
  const { cacheControl, disposition } = settings;
  assertParallelReads(settings.parallelReads, bodyPipe.maxParallelReads, where);
  const root = path.replace(/\/$/, '');
  // A rule that grants everything need not be asked.
  const access = rule === publicAccess() ? undefined : rule;
  const kept = cache === false ? undefined : cache;
  const prefixed = prefix === '' ? store : withPrefix(store, prefix);
  // Whatever shares a cache has keys of its own only together with where they are mounted.
  const { store: opened, purge } = composeStore(prefixed, kept, `${host ?? ''}${path}`, bodyPipe, settings);
  return {
    path: root,
    host,
    at: { path: root, host },
    prefix,
    access,
    settings,
    cors: corsPolicy(settings.cors, access?.needs),
    headers: Object.entries(settings.headers ?? {}),
    downloads: {
      store: opened,
      bodyPipe,
      policy: toRangePolicy(settings),
      cacheControl,
      disposition,
      sizeLimit: overflow === undefined ? undefined : withLinkPrefix(overflow, prefix),
    },
    purge,
  };
}

/** A link names the object by its whole key, as the store below the prefix knows it. */
function withLinkPrefix({ link, ...overflow }: SizeLimit, prefix: string): SizeLimit {
  return link === undefined
    ? overflow
    : { ...overflow, link: (target) => link({ ...target, key: prefix + target.key }) };
}

/**
 * The policy of a mount. Where its rule asks for nothing but what browsers send by themselves, a page of any site could
 * read the files with the browser of a client that is granted. There, pages read only what `cors.origins` allows explicitly.
 *
 * @param needs of the mount's rule
 */
export function corsPolicy(
  { origins, headers }: { readonly [Field in keyof CorsPolicy]?: CorsPolicy[Field] | undefined },
  needs: AccessNeeds | undefined,
): CorsPolicy {
  return { origins: origins ?? (needs === 'ambient' ? [] : '*'), headers };
}
