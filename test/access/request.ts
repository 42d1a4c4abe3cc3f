import type { AccessRequest } from '../../src/access/access.ts';

/** The time of all requests here, in seconds. */
export const NOW = 1_800_000_000;

/** A GET of a URL, without credentials. */
export function requestFor(
  url: string,
  fields: Readonly<Record<string, string>> = {},
  others: Partial<AccessRequest> = {},
): AccessRequest {
  const { pathname, search } = new URL(url, 'https://files.example');
  return {
    method: 'GET',
    path: pathname,
    query: search.slice(1),
    headers: new Headers(fields),
    clientAddress: undefined,
    now: NOW,
    ...others,
  };
}
