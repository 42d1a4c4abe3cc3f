import { publicAccess, type AccessRule } from '../access/index.ts';
import type { BlockCache } from '../cache/block-cache.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { withPrefix } from '../store/wrappers/with-prefix.ts';
import type { Conduit } from './download/body-pipe.ts';
import { corsPolicy } from './cors.ts';
import { assertInherited, inherit, said } from '../config/inherit.ts';
import type { Overflow } from './download/size-limit.ts';
import { settingsError } from '../base/settings-error.ts';
import { assertParallelReads } from '../config/parallel-reads-setting.ts';
import { check, mountList } from '../config/schema.ts';
import { openStorage } from './mount-store.ts';
import { sortMounts, type Mount } from './match-mount.ts';
import * as v from 'valibot';
import { settingsEntries, toRangePolicy, type SettingsInput, placeEntries } from '../config/settings.ts';

/** What a mount has, and what may stand above all mounts in its place. */
export interface SharedOptions extends SettingsInput {
  /** Who may read. By default everybody, which `publicAccess()` says explicitly. */
  readonly access?: AccessRule | undefined;
  /** Where blocks of objects are kept. By default, and with `false`, nowhere: every request reads the storage. */
  readonly cache?: BlockCache | false | undefined;
  /** What the platform can't send, and what is done about it. By default everything fits. */
  readonly overflow?: Overflow | undefined;
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
  overflow: v.optional(part<Overflow>('object', 'takes a table with the fields limit, policy, link')),
};

const AboveSchema = v.strictObject(sharedEntries);

const MountsSchema = v.object({ mounts: mountList(part('object', 'takes a table of fields')) });

const MountSchema = v.strictObject({
  ...sharedEntries,
  ...placeEntries,
  store: part<ObjectStore>('object', 'takes a store, such as memoryStore()'),
  prefix: v.optional(v.string('takes a text'), ''),
});

/** Fields that are of one mount alone. */
const PLACES = ['store', 'path', 'host', 'prefix'] as const;

/** @throws SettingsError that names each field which is unknown, wrong, or without effect where it stands */
export function openAll(
  options: (MountOptions & { readonly mounts?: undefined }) | SeveralMounts,
  conduit: Conduit,
): readonly Mount[] {
  if (options.mounts === undefined) {
    const { mounts: _, ...only } = options;
    return [openMount(only, conduit)];
  }
  const { mounts, ...above } = options;
  return openMounts(above, mounts, conduit);
}

/**
 * Opens mounts with what stands above them filled in ({@link inherit}).
 *
 * @param above what holds for each mount that says nothing else
 * @throws SettingsError that names each field which is unknown, wrong, or without effect where it stands
 */
function openMounts(above: object, mounts: readonly MountOptions[], conduit: Conduit): readonly Mount[] {
  const written = said(above);
  const name = PLACES.find((one) => one in written);
  if (name !== undefined) {
    throw settingsError(`${name}: has no effect beside mounts; each mount takes a ${name} of its own`);
  }
  check(AboveSchema, written);
  check(MountsSchema, { mounts });
  assertInherited(written, mounts);
  return sortMounts(mounts.map((mount, i) => openMount(inherit(above, mount), conduit, `mounts.${i}.`)));
}

/**
 * @param where put before the names of fields
 * @throws SettingsError that names each field which is unknown or wrong, and what it takes
 */
function openMount(options: MountOptions, conduit: Conduit, where = ''): Mount {
  const { path, host, store, prefix, access: rule, cache, overflow, ...settings } = check(MountSchema, options, where);
  const { cacheControl, disposition } = settings;
  assertParallelReads(settings.parallelReads, conduit.maxParallelReads, where);
  const root = path.replace(/\/$/, '');
  // A rule that grants everything need not be asked.
  const access = rule === publicAccess() ? undefined : rule;
  const kept = cache === false ? undefined : cache;
  const prefixed = prefix === '' ? store : withPrefix(store, prefix);
  // Whatever shares a cache has keys of its own only together with where they are mounted.
  const { store: opened, purge } = openStorage(prefixed, kept, `${host ?? ''}${path}`, conduit, settings);
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
      conduit,
      policy: toRangePolicy(settings),
      cacheControl,
      disposition,
      overflow: overflow === undefined ? undefined : withLinkPrefix(overflow, prefix),
    },
    purge,
  };
}

/** A link names the object by its whole key, as the store below the prefix knows it. */
function withLinkPrefix({ link, ...overflow }: Overflow, prefix: string): Overflow {
  return link === undefined
    ? overflow
    : { ...overflow, link: (target) => link({ ...target, key: prefix + target.key }) };
}
