import type { Fields } from '../http/index.ts';
import { toPath } from './key.ts';
import { findMount, type Mount } from './mount.ts';

/** What an address stands for. */
export type Place = {
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
  | { readonly type: 'nowhere' }
  | { readonly type: 'unsafe'; readonly detail: string }
);

export type FoundPlace = Extract<Place, { readonly type: 'found' }>;

/**
 * Finds the mount that a request is for, by its encoded path: a guard and a router that decode differently are a hole.
 *
 * @param mounts in the order in which they are looked at
 * @param pattern of the route, such as `/files/*`; mounts are below it
 */
export function toPlace(
  mounts: readonly Mount[],
  { pathname, hostname, search }: URL,
  headers: Fields,
  pattern: string,
): Place {
  const address = { pathname, query: search.slice(1) };
  const path = toPath(below(pathname, pattern.replace(/\/?\*$/, '')));
  if (path.type === 'unsafe') return { ...address, type: 'unsafe', detail: path.detail };
  const found = findMount(mounts, toHost(headers.get('Host'), hostname), `/${path.path}`);
  if (found === undefined) return { ...address, type: 'nowhere' };
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
