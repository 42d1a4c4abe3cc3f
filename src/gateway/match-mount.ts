import type { DispositionType, Fields, HeaderList, RangePolicy, CorsPolicy } from '../http/index.ts';
import { DOT_SEGMENT, decodePath } from '../access/path.ts';
import type { PieceIndexes } from '../digests/piece-indexes.ts';
import type { ListableStore } from '../store/listable-store.ts';
import { MAX_KEY_BYTES, type ObjectStore } from '../store/object-store.ts';
import { settingsError } from '../base/settings-error.ts';
import type { BodyPipe } from './download/body-pipe.ts';
import type { SizeLimit } from '../config/size-limit.ts';
import type { AccessRule } from '../access/index.ts';
import type { Settings } from '../config/settings.ts';

/** A mount with its checked settings and its composed store. */
export interface Mount {
  /** Without a slash at its end; empty for the root. */
  readonly path: string;
  /** In lower case, without a port; `undefined` for any host. */
  readonly host: string | undefined;
  /** `path` and `host`, as middleware and observers see them. */
  readonly location: { readonly path: string; readonly host: string | undefined };
  /** Added before every key. The length limit of keys includes it. */
  readonly prefix: string;
  /** `undefined` for public access. */
  readonly access: AccessRule | undefined;
  readonly settings: Settings;
  readonly cors: CorsPolicy;
  /** Header fields that are added to 200, 206 and 304 responses. */
  readonly headers: HeaderList;
  readonly downloads: DownloadSource;
  /** Whether the bytes of broken responses have to be counted: the setting `transfers` of the mount. */
  readonly isCounted: boolean;
  /** Lists the keys of the mount; `undefined` if its store can't, or if the mount lists no folders. */
  readonly list: ListableStore['list'] | undefined;
  /** The piece indexes; `undefined` if the mount has none. */
  readonly pieces: PieceIndexes | undefined;
  /** Makes the next request for a key revalidate its cached metadata. */
  readonly purge: (key: string) => void;
}

/** The store of a mount, and the settings of its responses. */
export interface DownloadSource {
  /** Pipes bodies to clients. */
  readonly bodyPipe: BodyPipe;
  readonly store: ObjectStore;
  readonly policy: RangePolicy;
  readonly cacheControl?: string | undefined;
  readonly cdnCacheControl?: string | undefined;
  readonly cacheTags?: readonly string[] | undefined;
  readonly disposition?: DispositionType | undefined;
  readonly sizeLimit?: SizeLimit | undefined;
}

/** The result of matching the address of a request against all mounts. */
export type MountMatch = {
  /** The whole path as it was sent, percent-encoded. */
  readonly pathname: string;
  /** The query as it was sent, without the question mark. */
  readonly query: string;
} & (
  | {
      readonly type: 'found';
      readonly mount: Mount;
      /** Decoded. For a path that ends in a slash, the key of the index document if the mount has one. */
      readonly key: string;
      /** The key of the folder if the path ends in a slash: empty, or with a slash at its end. */
      readonly folder: string | undefined;
    }
  | { readonly type: 'unmatched' }
  | { readonly type: 'invalid'; readonly detail: string }
);

/** The mount and the key of a request. */
export type MatchedMount = Extract<MountMatch, { readonly type: 'found' }>;

/**
 * Finds the mount and the key of a request. It decodes the encoded path itself, so that access rules and routing always
 * see the same path. Two decoders that differ would let a request bypass a rule.
 *
 * @param mounts as {@link sortMounts} sorts them
 * @param headers of the request; the Host field is preferred to the host of the URL
 * @param pattern of the route, such as `/files/*`; the paths of mounts are relative to it
 */
export function matchMount(
  mounts: readonly Mount[],
  { pathname, hostname, search }: URL,
  headers: Fields,
  pattern: string,
): MountMatch {
  const address = { pathname, query: search.slice(1) };
  const path = pathOfRoute(pathname, pattern);
  if (path.type === 'invalid') return { ...address, type: 'invalid', detail: path.detail };
  if (isReserved(path.path)) return { ...address, type: 'unmatched' };
  const found = findMount(mounts, toHost(headers.get('Host'), hostname), `/${path.path}`);
  if (found === undefined) return { ...address, type: 'unmatched' };
  const { mount, key } = found;
  const folder = isFolder(key) ? key : undefined;
  return { ...address, type: 'found', mount, key: withIndex(mount, key), folder };
}

/**
 * Returns the decoded path of a request below its route.
 *
 * @param pathname percent-encoded
 * @param pattern of the route, such as `/files/*`
 */
export function pathOfRoute(pathname: string, pattern: string): PathResult {
  return decodeRequestPath(pathBelow(pathname, pattern.replace(/\/?\*$/, '')));
}

/** The first segment of the addresses of the gateway itself. No object has them, in any store. */
const RESERVED = '.rangeway';

/** Whether a decoded path, without its first slash, is one of the gateway itself. */
export function isReserved(path: string): boolean {
  return path === RESERVED || path.startsWith(`${RESERVED}/`);
}

/** Whether a path as it was sent can be one of the gateway itself. It is tested first, since decoding costs more. */
export function mayBeReserved(pathname: string): boolean {
  return pathname.includes(RESERVED) || pathname.includes('%');
}

/** Removes port and final dot. The dot marks a fully qualified name (RFC 3986 §3.2.2) and means the same host. */
function toHost(field: string | null, hostname: string): string {
  return (field?.replace(/:\d*$/, '') ?? hostname).replace(/\.$/, '').toLowerCase();
}

/**
 * Removes the pattern from the path, by segments and not by characters: Hono has matched the pattern against the
 * decoded path, so the lengths may differ.
 */
function pathBelow(pathname: string, pattern: string): string {
  if (pattern === '') return pathname.slice(1);
  return pathname.split('/').slice(pattern.split('/').length).join('/');
}

/** Appends the index document to the key of a folder. */
function withIndex({ settings: { index } }: Mount, key: string): string {
  return index !== undefined && isFolder(key) ? key + index : key;
}

function isFolder(key: string): boolean {
  return key === '' || key.endsWith('/');
}

/** A decoded path, or the reason why it is invalid. */
type PathResult =
  | { readonly type: 'path'; readonly path: string }
  | { readonly type: 'invalid'; readonly detail: string };

/**
 * Decodes the path of a URL. An encoded slash is treated as a slash, because storage makes no difference between them.
 * Otherwise one object would have two cache entries, and the second name could bypass the access rule of a mount.
 *
 * @param encoded the percent-encoded path, without its first slash
 */
export function decodeRequestPath(encoded: string): PathResult {
  const path = decodePath(encoded);
  if (path === undefined) return invalidPath('The path is not percent-encoded UTF-8.');
  if (path.includes('\0')) return invalidPath('The path has a NUL character in it.');
  // The URL parser has resolved plain dot segments. A segment found here was percent-encoded.
  if (DOT_SEGMENT.test(path)) return invalidPath('The path has a "." or ".." segment in it.');
  return { type: 'path', path };
}

/**
 * Checks the length of a key.
 *
 * @param key with the prefix of its mount
 * @returns the reason why storage can't hold the key, or `undefined` if it can
 */
export function keyLengthError(key: string): string | undefined {
  // A UTF-16 unit takes 1 to 3 bytes of UTF-8, so most keys are decided without encoding them.
  const isShort = key.length * 3 <= MAX_KEY_BYTES;
  const isTooLong = !isShort && (key.length > MAX_KEY_BYTES || new TextEncoder().encode(key).length > MAX_KEY_BYTES);
  return isTooLong ? `The path is longer than a key can be, ${MAX_KEY_BYTES} bytes of UTF-8.` : undefined;
}

function invalidPath(detail: string): PathResult {
  return { type: 'invalid', detail };
}

/**
 * Sorts mounts by precedence: longer paths first, and of two equal paths the one with a host first.
 *
 * @throws SettingsError if two mounts have the same path and host
 */
export function sortMounts(mounts: readonly Mount[]): readonly Mount[] {
  assertDistinctLocations(mounts);
  return mounts.toSorted(
    (a, b) => b.path.length - a.path.length || Number(a.host === undefined) - Number(b.host === undefined),
  );
}

/**
 * Checks that no two mounts have the same location.
 *
 * @param locations paths without a slash at their end, and hosts
 * @throws SettingsError if two have the same path and host
 */
export function assertDistinctLocations(locations: readonly Pick<Mount, 'path' | 'host'>[]): void {
  const names = locations.map(({ host = '', path }) => `${host}${path}/`);
  const duplicate = names.find((name, i) => names.indexOf(name) !== i);
  if (duplicate !== undefined) {
    const last = names.lastIndexOf(duplicate);
    throw settingsError(
      `is at ${duplicate}, as mounts.${names.indexOf(duplicate)} is; each takes a path or a host of its own`,
      `mounts.${last}`,
    );
  }
}

/**
 * Finds the first mount that contains the path, and the key below it.
 *
 * @param mounts as {@link sortMounts} sorts them
 * @param path decoded, with its first slash, so that no percent-encoding of it bypasses a mount
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
