import type { DispositionType, Fields, HeaderList, RangePolicy, CorsPolicy } from '../http/index.ts';
import { DOT_SEGMENT, decodePath } from '../access/path.ts';
import { MAX_KEY_BYTES, type ObjectStore } from '../store/object-store.ts';
import { settingsError } from '../base/settings-error.ts';
import type { BodyPipe } from './download/body-pipe.ts';
import type { SizeLimit } from '../config/size-limit.ts';
import type { AccessRule } from '../access/index.ts';
import type { Settings } from '../config/settings.ts';

/** A mount, ready for requests. */
export interface Mount {
  /** Without a slash at its end, so the root's is empty. */
  readonly path: string;
  readonly host: string | undefined;
  /** The same two, without the rest of the mount. */
  readonly at: { readonly path: string; readonly host: string | undefined };
  /** Put before every key; a key's length counts with it. */
  readonly prefix: string;
  readonly access: AccessRule | undefined;
  readonly settings: Settings;
  readonly cors: CorsPolicy;
  /** Added to answers with bytes. */
  readonly headers: HeaderList;
  readonly downloads: DownloadSource;
  /** Makes the next request for a key ask the storage, whatever a cache knows of it. */
  readonly purge: (key: string) => void;
}

/** What a mount answers downloads from, and how. */
export interface DownloadSource {
  /** How bodies reach clients. */
  readonly bodyPipe: BodyPipe;
  readonly store: ObjectStore;
  readonly policy: RangePolicy;
  readonly cacheControl?: string | undefined;
  readonly disposition?: DispositionType | undefined;
  readonly sizeLimit?: SizeLimit | undefined;
}

/** What an address stands for. */
export type MountMatch = {
  /** The whole path as it was sent, still encoded. */
  readonly pathname: string;
  /** As it was sent, without the question mark. */
  readonly query: string;
} & (
  | {
      readonly type: 'found';
      readonly mount: Mount;
      /** For a folder, that of its index document. */
      readonly key: string;
    }
  | { readonly type: 'unmatched' }
  | { readonly type: 'invalid'; readonly detail: string }
);

export type MatchedMount = Extract<MountMatch, { readonly type: 'found' }>;

/**
 * Finds the mount that a request is for, by its encoded path: a guard and a router that decode differently are a hole.
 *
 * @param mounts in the order in which they are looked at
 * @param pattern of the route, such as `/files/*`; mounts are below it
 */
export function matchMount(
  mounts: readonly Mount[],
  { pathname, hostname, search }: URL,
  headers: Fields,
  pattern: string,
): MountMatch {
  const address = { pathname, query: search.slice(1) };
  const path = toPath(below(pathname, pattern.replace(/\/?\*$/, '')));
  if (path.type === 'invalid') return { ...address, type: 'invalid', detail: path.detail };
  const found = findMount(mounts, toHost(headers.get('Host'), hostname), `/${path.path}`);
  if (found === undefined) return { ...address, type: 'unmatched' };
  return { ...address, type: 'found', mount: found.mount, key: toKey(found.mount, found.key) };
}

/** A dot at a name's end says that it is complete (RFC 3986 §3.2.2); it is the same host. */
function toHost(field: string | null, hostname: string): string {
  return (field?.replace(/:\d*$/, '') ?? hostname).replace(/\.$/, '').toLowerCase();
}

/** By segments, not by characters: Hono has matched the pattern against the path decoded. */
function below(pathname: string, pattern: string): string {
  if (pattern === '') return pathname.slice(1);
  return pathname.split('/').slice(pattern.split('/').length).join('/');
}

/** The key that is read: for a folder, its index document. */
function toKey({ settings: { index } }: Mount, key: string): string {
  return index !== undefined && (key === '' || key.endsWith('/')) ? key + index : key;
}

/** What a path stands for, or why it can't stand for anything. */
type PathResult =
  | { readonly type: 'path'; readonly path: string }
  | { readonly type: 'invalid'; readonly detail: string };

/**
 * Decodes the path of a URL, without its first slash. An encoded slash is a slash like any other: storages know no
 * difference, a second name for an object would be a second cache entry, and a way around the mount that guards it.
 */
export function toPath(encoded: string): PathResult {
  const path = decodePath(encoded);
  if (path === undefined) return invalidPath('The path is not percent-encoded UTF-8.');
  if (path.includes('\0')) return invalidPath('The path has a NUL character in it.');
  // The URL parser has resolved those in plain sight; what is left was hidden by encoding.
  if (DOT_SEGMENT.test(path)) return invalidPath('The path has a "." or ".." segment in it.');
  return { type: 'path', path };
}

/** Whether a storage can hold a key of this length; if not, why. */
export function explainKey(key: string): string | undefined {
  // A UTF-16 unit makes 1 to 3 bytes of UTF-8, which spares encoding a path that is surely too long or short enough.
  const isShort = key.length * 3 <= MAX_KEY_BYTES;
  const isTooLong = !isShort && (key.length > MAX_KEY_BYTES || new TextEncoder().encode(key).length > MAX_KEY_BYTES);
  return isTooLong ? `The path is longer than a key can be, ${MAX_KEY_BYTES} bytes of UTF-8.` : undefined;
}

function invalidPath(detail: string): PathResult {
  return { type: 'invalid', detail };
}

/** @throws SettingsError where a request could be for two of them alike */
export function sortMounts(mounts: readonly Mount[]): readonly Mount[] {
  assertDistinctLocations(mounts);
  return mounts.toSorted(
    (a, b) => b.path.length - a.path.length || Number(a.host === undefined) - Number(b.host === undefined),
  );
}

/**
 * @param places paths without a slash at their end
 * @throws SettingsError where two are alike
 */
export function assertDistinctLocations(places: readonly Pick<Mount, 'path' | 'host'>[]): void {
  const names = places.map(({ host = '', path }) => `${host}${path}/`);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    const last = names.lastIndexOf(twice);
    throw settingsError(
      `mounts.${last}: is at ${twice}, as mounts.${names.indexOf(twice)} is; each takes a path or a host of its own`,
    );
  }
}

/**
 * The mount that a request is for, and the key in it.
 *
 * @param mounts as {@link sortMounts} sorts them
 * @param path decoded, with its first slash, so that no way of writing it leads around a mount
 */
function findMount(
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
