import type { Fields } from './fields.ts';
import type { HeaderList } from './response-headers.ts';

/** Origins whose pages may read responses: all of them, or those listed, such as `https://example.com`. */
export type CorsOrigins = '*' | readonly string[];

/** The cross-origin requests that a mount allows. */
export interface CorsPolicy {
  /** Origins whose pages may read responses. An empty list allows none. */
  readonly origins: CorsOrigins;
  /** Request fields that pages may send in addition to those that downloads need. */
  readonly headers?: readonly string[] | undefined;
}

/**
 * Request fields that downloads need and for which browsers send a preflight. A Range needs one if it is a suffix, and a
 * Content-Type if a receipt has it. POST itself is allowed without a list.
 */
export const ALLOWED_HEADERS =
  'Authorization, Range, If-Range, If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, Want-Repr-Digest, ' +
  'Content-Type';

/** Response fields that a page can read only if they are listed. */
export const EXPOSED_HEADERS = [
  'Accept-Ranges',
  'Cache-Status',
  'Content-Disposition',
  'Content-Encoding',
  'Content-Length',
  'Content-Range',
  'Date',
  'Digest',
  'ETag',
  'Link',
  'Repr-Digest',
  'Retry-After',
  'X-Request-Id',
];

/** How long a browser may cache a preflight's response, in seconds. Chromium limits it to 2 hours, Firefox to 24. */
const PREFLIGHT_MAX_AGE = 86_400;

const EXPOSE_FIELD = ['Access-Control-Expose-Headers', EXPOSED_HEADERS.join(', ')] as const;

const ALL_ORIGINS_FIELDS: HeaderList = [['Access-Control-Allow-Origin', '*'], EXPOSE_FIELD];

/**
 * Makes the CORS fields of a response. Every response needs them, errors and 304 included, because a page can't read a
 * response without them. The response to a preflight also lists the methods and fields that the page may send.
 *
 * @param method method of the request
 * @param headers fields of the request
 */
export function corsFields(
  method: string,
  headers: Fields,
  { origins, headers: additional = [] }: CorsPolicy,
): HeaderList {
  const fields = originFields(headers, origins);
  // If no page may read responses, a preflight allows no fields either.
  if (origins.length === 0 || !isPreflight(method, headers)) return fields;
  return [
    ...fields,
    ['Access-Control-Allow-Methods', 'GET, HEAD'],
    ['Access-Control-Allow-Headers', [ALLOWED_HEADERS, ...additional].join(', ')],
    ['Access-Control-Max-Age', String(PREFLIGHT_MAX_AGE)],
  ];
}

function originFields(headers: Fields, origins: CorsOrigins): HeaderList {
  if (origins === '*') return ALL_ORIGINS_FIELDS;
  // A response that no page may read is the same for all origins, so it needs no Vary.
  if (origins.length === 0) return [];
  const origin = headers.get('Origin');
  const vary = ['Vary', 'Origin'] as const;
  if (origin === null || !origins.includes(origin)) return [vary];
  return [vary, ['Access-Control-Allow-Origin', origin], EXPOSE_FIELD];
}

/** Whether a request is a CORS preflight. */
function isPreflight(method: string, headers: Fields): boolean {
  return method === 'OPTIONS' && headers.has('Origin') && headers.has('Access-Control-Request-Method');
}
