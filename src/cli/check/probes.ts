import { parseContentRange, parseEntityTag, type EntityTag, type Span } from '../../http/index.ts';
import type { CheckRequest, CheckResponse } from './exchange.ts';

/** The facts of a representation that requests are made from. */
export interface Subject {
  /** Complete length in bytes, if a response told it. */
  readonly size: number | undefined;
  readonly tag: EntityTag | undefined;
  /** Last-Modified as sent. */
  readonly date: string | undefined;
  /** The origin of the page whose requests are tried. */
  readonly origin: string;
}

/** The names of the requests, in the order in which they are sent after the first GET and the first range. */
export type ProbeName = (typeof PROBES)[number]['name'] | 'first' | 'range';

/** A request that depends on the representation. */
export interface Probe {
  readonly name: string;
  /** @returns the request; `undefined` if it has no meaning for this representation */
  readonly request: (subject: Subject) => CheckRequest | undefined;
}

/** Bytes of the content that the first GET reads. Digests can be compared if an object is not longer. */
const FIRST_READ = 64 * 1024;

/** Bytes of the content that other requests read. */
const READ = 1024;

/** Bytes of a multipart response: two parts of a byte with their heads. */
const MULTIPART_READ = 8 * 1024;

/** The most bytes of a range. */
const RANGE_LENGTH = 8;

/** An entity tag that no representation has. */
export const INVENTED_TAG = '"rangeway-check-0"';

/** A date before any representation. */
const OLD_DATE = 'Sat, 01 Jan 2000 00:00:00 GMT';

/** Fields of a page's request for a range, for which browsers ask first (Fetch, CORS-preflight). */
export const PREFLIGHT_FIELDS = ['if-match', 'if-range', 'range'] as const;

const IDENTITY = { 'Accept-Encoding': 'identity' };

function get(fields: Readonly<Record<string, string>>, read = READ): CheckRequest {
  return { method: 'GET', fields: { ...IDENTITY, ...fields }, read };
}

/** The first request: the whole object, of which the first bytes are read. */
export const FIRST_REQUEST: CheckRequest = get({}, FIRST_READ);

/**
 * Makes the request for a single range. It starts at the second byte if there is one, so that an object from its start
 * is no answer to it.
 */
export function rangeRequest(size: number | undefined): CheckRequest {
  const { start, end } = rangeSpan(size);
  return get({ Range: `bytes=${start}-${end - 1}` });
}

/** The bytes that {@link rangeRequest} asks for. */
export function rangeSpan(size: number | undefined): Span {
  const start = size === 1 ? 0 : 1;
  return { start, end: Math.min(start + RANGE_LENGTH, size ?? Infinity) };
}

/** The bytes of the two ranges of one request, apart from each other; `undefined` if the object is too short. */
export function twoSpans(size: number | undefined): readonly [Span, Span] | undefined {
  if (size === undefined || size < 3) return undefined;
  return [
    { start: 0, end: 1 },
    { start: size - 1, end: size },
  ];
}

/** The length of the suffix that is asked for. */
export function suffixLength(size: number): number {
  return Math.min(RANGE_LENGTH, size);
}

/** @returns `undefined` if no byte can be asked for */
function firstByte({ size }: Subject, fields: Readonly<Record<string, string>>): CheckRequest | undefined {
  return size === 0 ? undefined : get({ Range: 'bytes=0-0', ...fields });
}

/** The range of a client that resumes: from an offset to the end. */
function resume({ size }: Subject, fields: Readonly<Record<string, string>> = {}): CheckRequest | undefined {
  return size === 0 ? undefined : get({ Range: `bytes=${size === 1 ? 0 : 1}-`, ...fields });
}

/** All requests after the first two, as data. */
export const PROBES = [
  { name: 'head', request: () => ({ method: 'HEAD', fields: IDENTITY, read: 0 }) },
  { name: 'suffix', request: ({ size }) => (size ? get({ Range: `bytes=-${suffixLength(size)}` }) : undefined) },
  { name: 'open', request: (subject) => resume(subject) },
  { name: 'beyond', request: ({ size }) => (size === undefined ? undefined : get({ Range: `bytes=${size + 1}-` })) },
  {
    name: 'several',
    request({ size }) {
      const spans = twoSpans(size);
      if (spans === undefined) return undefined;
      return get({ Range: `bytes=${spans.map(({ start, end }) => `${start}-${end - 1}`).join(',')}` }, MULTIPART_READ);
    },
  },
  {
    name: 'if-range-current',
    request: (subject) => withStrongTag(subject, (tag) => resume(subject, { 'If-Range': tag })),
  },
  { name: 'if-range-old', request: (subject) => resume(subject, { 'If-Range': INVENTED_TAG }) },
  {
    name: 'if-range-date',
    request: (subject) => (subject.date === undefined ? undefined : resume(subject, { 'If-Range': subject.date })),
  },
  { name: 'if-range-old-date', request: (subject) => resume(subject, { 'If-Range': OLD_DATE }) },
  {
    name: 'if-none-match',
    request: ({ tag }) =>
      tag === undefined ? undefined : get({ 'If-None-Match': `${tag.weak ? 'W/' : ''}"${tag.opaque}"` }),
  },
  { name: 'if-match-old', request: (subject) => resume(subject, { 'If-Match': INVENTED_TAG }) },
  {
    name: 'if-match-current',
    request: (subject) => withStrongTag(subject, (tag) => resume(subject, { 'If-Match': tag })),
  },
  { name: 'compressed', request: () => get({ 'Accept-Encoding': 'gzip, deflate, br, zstd' }) },
  {
    name: 'preflight',
    request: ({ origin }) => ({
      method: 'OPTIONS',
      fields: {
        Origin: origin,
        'Access-Control-Request-Method': 'GET',
        'Access-Control-Request-Headers': PREFLIGHT_FIELDS.join(','),
      },
      read: READ,
    }),
  },
  {
    name: 'page',
    request: (subject) => firstByte(subject, { Origin: subject.origin }) ?? get({ Origin: subject.origin }),
  },
  // The same requests again: these can come from a cache.
  { name: 'range-again', request: (subject) => firstByte(subject, {}) },
  { name: 'range-cached', request: (subject) => firstByte(subject, {}) },
  { name: 'whole-again', request: () => get({}) },
] as const satisfies readonly Probe[];

function withStrongTag({ tag }: Subject, request: (tag: string) => CheckRequest | undefined): CheckRequest | undefined {
  return tag === undefined || tag.weak ? undefined : request(`"${tag.opaque}"`);
}

/**
 * Reads the facts that the other requests are made from.
 *
 * @param first the response to the first GET
 * @param range the response to the first range, which tells the size if the first one did not
 * @param origin of the page whose requests are tried
 */
export function toSubject(first: CheckResponse, range: CheckResponse | undefined, origin: string): Subject {
  const tag = first.fields.get('etag');
  return {
    size: wholeLength(first) ?? parseContentRange(range?.fields.get('content-range') ?? '')?.size,
    tag: tag === undefined ? undefined : parseEntityTag(tag),
    date: first.fields.get('last-modified'),
    origin,
  };
}

/** Returns the length of an object from the response with the whole: as told, or as read to the end. */
export function wholeLength(response: CheckResponse): number | undefined {
  return contentLength(response) ?? (response.end === 'complete' ? response.body.length : undefined);
}

/** Returns the length that a response tells, in bytes; `undefined` if it tells none. */
export function contentLength({ fields }: CheckResponse): number | undefined {
  const text = fields.get('content-length');
  return text !== undefined && /^\d{1,15}$/.test(text) && !fields.has('transfer-encoding') ? Number(text) : undefined;
}
