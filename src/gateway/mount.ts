import type { AccessRule } from '../access/index.ts';
import type { BlockCache } from '../cache/block-cache.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { withPrefix } from '../store/prefix.ts';
import type { Conduit } from './conduit.ts';
import type { DownloadContext } from './download.ts';
import type { Overflow } from './overflow.ts';
import { settingsError } from './schema.ts';
import { parseSettings, toRangePolicy, type Settings, type SettingsInput } from './settings.ts';
import { openStorage } from './storage.ts';

/** One store under one path. */
export interface MountOptions extends SettingsInput {
  /** Where it is: `/releases`, for all below that. By default everything. The longest that fits a request counts. */
  readonly path?: string | undefined;
  /** The host for which it is, without a port. By default any; of two with the same path, the one that says counts. */
  readonly host?: string | undefined;
  /** Where the objects are. */
  readonly store: ObjectStore;
  /** Put before every key, as it is: `releases/` serves what is below it. */
  readonly prefix?: string | undefined;
  /** Who may read. By default everybody. */
  readonly access?: AccessRule | undefined;
  /** Where blocks of objects are kept. By default nowhere: every request reads the storage. */
  readonly cache?: BlockCache | undefined;
  /** What the platform can't send, and what is done about it. By default everything fits. */
  readonly overflow?: Overflow | undefined;
}

/** A mount, ready for requests. */
export interface Mount {
  /** Without a slash at its end, so the root's is empty. */
  readonly path: string;
  readonly host: string | undefined;
  readonly access: AccessRule | undefined;
  readonly settings: Settings;
  readonly downloads: DownloadContext;
  /** Makes the next request for a key ask the storage, whatever a cache knows of it. */
  readonly purge: (key: string) => void;
}

const PATH = /^(?:\/[\w.~-]+)*\/?$/;
const HOST = /^[a-z\d.-]+$|^\[[\da-f:.]+\]$/;

/** @throws SettingsError that names the field, its value and what it takes */
export function openMount(
  { path = '/', host, store, prefix, access, cache, overflow, ...input }: MountOptions,
  conduit: Conduit,
): Mount {
  if (!PATH.test(path) || /\/\.{1,2}(?:\/|$)/.test(path)) {
    throw settingsError(
      `path: takes one such as "/releases", of letters, digits and "-._~", not ${JSON.stringify(path)}`,
    );
  }
  if (host !== undefined && !HOST.test(host)) {
    throw settingsError(
      `host: takes a name in lower case without a port, such as "files.example.com", not ${JSON.stringify(host)}`,
    );
  }
  const settings = parseSettings(input);
  const { cacheControl, disposition } = settings;
  const prefixed = prefix === undefined || prefix === '' ? store : withPrefix(store, prefix);
  // Whatever shares a cache has keys of its own only together with where they are mounted.
  const { store: opened, purge } = openStorage(prefixed, cache, `${host ?? ''}${path}`, conduit, settings);
  return {
    path: path.replace(/\/$/, ''),
    host,
    access,
    settings,
    downloads: {
      store: opened,
      conduit,
      policy: toRangePolicy(settings),
      cacheControl,
      disposition,
      overflow,
    },
    purge,
  };
}

/** @throws SettingsError where a request could be for two of them alike */
export function sortMounts(mounts: readonly Mount[]): readonly Mount[] {
  const names = mounts.map(({ host = '', path }) => `${host}${path}/`);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw settingsError(`mounts: two are at ${twice}; each takes a path or a host of its own`);
  return mounts.toSorted(
    (a, b) => b.path.length - a.path.length || Number(a.host === undefined) - Number(b.host === undefined),
  );
}

/**
 * The mount that a request is for, and the key in it.
 *
 * @param mounts as {@link sortMounts} sorts them
 * @param path decoded, with its first slash, so that no way of writing it leads around a mount
 */
export function findMount(
  mounts: readonly Mount[],
  host: string,
  path: string,
): { readonly mount: Mount; readonly key: string } | undefined {
  for (const mount of mounts) {
    if (mount.host !== undefined && mount.host !== host) continue;
    if (path === mount.path) return { mount, key: '' };
    if (path.startsWith(`${mount.path}/`)) return { mount, key: path.slice(mount.path.length + 1) };
  }
  return undefined;
}
