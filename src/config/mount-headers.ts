/** Fields that a mount adds to its answers with bytes: name to value. */
export type MountHeaders = Readonly<Record<string, string>>;

const MAX_FIELDS = 16;

/** Characters of all names and values. Browsers and proxies take 8 KiB to 16 KiB of a head. */
const MAX_LENGTH = 4_096;

/** §5.6.2. */
const NAME = /^[!#$%&'*+.^_`|~\w-]+$/;
/** §5.5, without obs-text and tabs, and without spaces at the ends, which every recipient strips. */
const VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** Fields that other settings decide; of each the setting. The first that matches counts. */
const SETTINGS: readonly (readonly [RegExp, string])[] = [
  [/^access-control-allow-headers$/i, 'cors.headers'],
  [/^(?:access-control-.*|vary)$/i, 'cors.origins'],
  // Those for one kind of cache too (RFC 9213), or they would let it keep what a rule guards.
  [/^(?:(?:.*-)?cache-control|surrogate-control|expires|pragma)$/i, 'cacheControl'],
  [/^content-disposition$/i, 'disposition'],
];

/**
 * Fields that the gateway or the connection decides for each answer. Set-Cookie is among them: a cache would give one
 * client's cookie to all.
 */
const DECIDED =
  /^(?:content-(?!security-policy(?:-report-only)?$).*|(?:repr-|want-.*)?digest|etag|last-modified|date|age|accept-ranges|cache-status|allow|location|retry-after|(?:www-)?authenticat.*|proxy-.*|set-cookie2?|x-content-type-options|x-request-id|connection|keep-alive|transfer-encoding|te|trailer|upgrade)$/i;

/** Says why a value can't be the setting `headers`; `undefined` where it can. */
export function explainHeaders(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'takes a table of names and values';
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  const names = new Set(entries.map(([name]) => name.toLowerCase()));
  if (entries.length > MAX_FIELDS) return `takes ${MAX_FIELDS} fields at the most`;
  if (names.size < entries.length) return 'takes each name once, in whatever case';
  if (entries.flat().join('').length > MAX_LENGTH) return `takes ${MAX_LENGTH} characters of names and values in all`;
  return entries.map(faultOfField).find((fault) => fault !== undefined);
}

function faultOfField([name, value]: readonly [string, unknown]): string | undefined {
  if (!NAME.test(name)) return 'takes names of letters, digits and "-"';
  const setting = SETTINGS.find(([pattern]) => pattern.test(name))?.[1];
  if (setting !== undefined) return `takes no ${name}, which the setting ${setting} decides`;
  if (DECIDED.test(name)) return `takes no ${name}, which the gateway decides for each answer`;
  if (typeof value === 'string' && VALUE.test(value)) return undefined;
  return `takes for ${name} a text of printable ASCII, without spaces at its ends`;
}
