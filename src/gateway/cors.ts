import type { HeaderList } from '../http/index.ts';
import type { RequestHead } from './request-head.ts';

/** Origins that may read answers from a page: all of them, or those listed, such as `https://example.com`. */
export type CorsOrigins = '*' | readonly string[];

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

/** The fields that every answer carries, errors and 304 included: without them a page sees none of it. */
export function corsFields({ headers }: RequestHead, origins: CorsOrigins): HeaderList {
  if (origins === '*') return FOR_ALL;
  const origin = headers.get('Origin');
  const vary = ['Vary', 'Origin'] as const;
  if (origin === null || !origins.includes(origin)) return [vary];
  return [vary, ['Access-Control-Allow-Origin', origin], EXPOSED];
}

/** What a preflight request is answered with beyond {@link corsFields}. */
export const PREFLIGHT_FIELDS: HeaderList = [
  ['Access-Control-Allow-Methods', 'GET, HEAD'],
  ['Access-Control-Allow-Headers', ALLOWED_HEADERS],
  ['Access-Control-Max-Age', String(PREFLIGHT_MAX_AGE)],
];

/** Whether a request is a browser's question whether it may send another. */
export function isPreflight({ headers }: RequestHead): boolean {
  return headers.has('Origin') && headers.has('Access-Control-Request-Method');
}
