import type { Fields } from './fields.ts';
import type { HeaderList } from './response-headers.ts';

/** Origins that may read answers from a page: all of them, or those listed, such as `https://example.com`. */
export type CorsOrigins = '*' | readonly string[];

/** What a mount lets pages do. */
export interface CorsPolicy {
  /** Whose pages may read the answers. An empty list: none. */
  readonly origins: CorsOrigins;
  /** Request fields that pages may send beside those that downloads need. */
  readonly headers?: readonly string[] | undefined;
}

/** Fields of a request that make browsers ask first, and that downloads need: tokens, Range with a suffix, If-Range, conditions. */
const ALLOWED_HEADERS =
  'Authorization, Range, If-Range, If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since';

/** Fields of an answer that a page may not see unless they are listed. */
const EXPOSED_HEADERS = [
  'Accept-Ranges',
  'Cache-Status',
  'Content-Disposition',
  'Content-Encoding',
  'Content-Length',
  'Content-Range',
  'Date',
  'Digest',
  'ETag',
  'Repr-Digest',
  'Retry-After',
  'X-Request-Id',
].join(', ');

/** Browsers cap it: Chromium at 2 hours, Firefox at 24. In seconds. */
const PREFLIGHT_MAX_AGE = 86_400;

const EXPOSED = ['Access-Control-Expose-Headers', EXPOSED_HEADERS] as const;

const FOR_ALL: HeaderList = [['Access-Control-Allow-Origin', '*'], EXPOSED];

/**
 * The fields that every answer carries, errors and 304 included: without them a page sees none of it. The answer to a
 * preflight says in addition what the page may send.
 */
export function corsFields(method: string, headers: Fields, { origins, headers: own = [] }: CorsPolicy): HeaderList {
  const allowed = originFields(headers, origins);
  // Where no page may read the answers, none may send fields either.
  if (origins.length === 0 || !isPreflight(method, headers)) return allowed;
  return [
    ...allowed,
    ['Access-Control-Allow-Methods', 'GET, HEAD'],
    ['Access-Control-Allow-Headers', [ALLOWED_HEADERS, ...own].join(', ')],
    ['Access-Control-Max-Age', String(PREFLIGHT_MAX_AGE)],
  ];
}

function originFields(headers: Fields, origins: CorsOrigins): HeaderList {
  if (origins === '*') return FOR_ALL;
  // An answer that no page may read is the same for all origins.
  if (origins.length === 0) return [];
  const origin = headers.get('Origin');
  const vary = ['Vary', 'Origin'] as const;
  if (origin === null || !origins.includes(origin)) return [vary];
  return [vary, ['Access-Control-Allow-Origin', origin], EXPOSED];
}

/** Whether a request is a browser's question whether it may send another. */
function isPreflight(method: string, headers: Fields): boolean {
  return method === 'OPTIONS' && headers.has('Origin') && headers.has('Access-Control-Request-Method');
}
