/** Fields that a mount adds to its 200, 206 and 304 responses: name to value. */
export type MountHeaders = Readonly<Record<string, string>>;

const MAX_FIELDS = 16;

/** Most characters of all names and values together. Browsers and proxies accept heads of 8 KiB to 16 KiB. */
const MAX_LENGTH = 4_096;

/** A token, §5.6.2. */
const NAME = /^[!#$%&'*+.^_`|~\w-]+$/;
/**
 * A field value, §5.5, but without obs-text and tabs, and without spaces at the ends, which every recipient removes.
 */
const VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** Fields that another setting decides, with the name of that setting. The first match counts. */
const FIELDS_OF_SETTINGS: readonly (readonly [RegExp, string])[] = [
  [/^access-control-allow-headers$/i, 'cors.headers'],
  [/^(?:access-control-.*|vary)$/i, 'cors.origins'],
  // Fields for one kind of cache too (RFC 9213): they could allow a shared cache to store protected objects.
  [/^cdn-cache-control$/i, 'cdnCacheControl'],
  [/^cache-tag$/i, 'cacheTags'],
  [/^(?:(?:.*-)?cache-control|surrogate-control|expires|pragma)$/i, 'cacheControl'],
  [/^content-disposition$/i, 'disposition'],
];

/**
 * Fields that the gateway or the connection decides for each response. Set-Cookie is one of them, because a cache would
 * send one client's cookie to all clients.
 */
const GATEWAY_FIELDS =
  /^(?:content-(?!security-policy(?:-report-only)?$).*|(?:repr-|want-.*)?digest|etag|last-modified|date|age|accept-ranges|cache-status|allow|location|retry-after|(?:www-)?authenticat.*|proxy-.*|set-cookie2?|x-content-type-options|x-request-id|connection|keep-alive|transfer-encoding|te|trailer|upgrade)$/i;

/**
 * Validates the setting `headers`.
 *
 * @returns an error message; `undefined` if the value is valid
 */
export function validateHeaders(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'takes a table of names and values';
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  const names = new Set(entries.map(([name]) => name.toLowerCase()));
  if (entries.length > MAX_FIELDS) return `takes ${MAX_FIELDS} fields at the most`;
  if (names.size < entries.length) return 'takes each name once, in whatever case';
  if (entries.flat().join('').length > MAX_LENGTH) return `takes ${MAX_LENGTH} characters of names and values in all`;
  return entries.map(fieldError).find((error) => error !== undefined);
}

function fieldError([name, value]: readonly [string, unknown]): string | undefined {
  if (!NAME.test(name)) return 'takes names of letters, digits and "-"';
  const setting = FIELDS_OF_SETTINGS.find(([pattern]) => pattern.test(name))?.[1];
  if (setting !== undefined) return `takes no ${name}, which the setting ${setting} decides`;
  if (GATEWAY_FIELDS.test(name)) return `takes no ${name}, which the gateway decides for each answer`;
  if (typeof value === 'string' && VALUE.test(value)) return undefined;
  return `takes for ${name} a text of printable ASCII, without spaces at its ends`;
}
