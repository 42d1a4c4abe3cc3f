import { isFieldValue, trimOws } from '../../../http/index.ts';

/** How the end of a body is known (RFC 9112 §6.3). */
export type Framing =
  /** There is none: an answer to HEAD, a 204 or a 304. */
  | { readonly type: 'none' }
  | { readonly type: 'length'; readonly length: number }
  | { readonly type: 'chunked' }
  /** With the connection's: so that nothing tells a whole body from a part. */
  | { readonly type: 'close' };

/** What comes before a body. */
export interface ResponseHead {
  readonly status: number;
  /** Names in lower case; of several lines the values are joined with commas. */
  readonly fields: Readonly<Record<string, string>>;
  readonly framing: Framing;
  /** Whether the connection takes another request after it. */
  readonly isKept: boolean;
}

/** More than any storage sends: S3 gives 8 KiB to an object's own fields. */
export const MAX_HEAD = 64 * 1024;

const NAME = /^[\w!#$%&'*+.^`|~-]+$/;
const FRAMING_FIELDS = new Set(['content-length', 'transfer-encoding']);
/** What no line can have (RFC 9110 §5.5): NUL, and half an end of a line. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const DANGEROUS = /\0|\r(?!\n)|(?<!\r)\n/;
// oxlint-disable-next-line no-control-regex -- all but ASCII is looked for
const NOT_ASCII = /[^\0-\x7f]/;

/**
 * Parses a head, without its empty line. Whatever could be read in two ways is an error: a wrong length would let the
 * rest of one body pass for the next answer (RFC 9112 §11.2).
 *
 * @param text a character for a byte
 * @throws Error which says what is wrong
 */
export function parseResponseHead(text: string, method: string): ResponseHead {
  if (DANGEROUS.test(text)) throw new Error('its head has control characters');
  // As workerd's fetch does, so that a stored value is the same text on every platform.
  const meant = NOT_ASCII.test(text) ? Buffer.from(text, 'latin1').toString('utf8') : text;
  const lines = meant.split('\r\n');
  const [, minor, digits] = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: |$)/.exec(lines[0] ?? '') ?? [];
  if (digits === undefined) throw new Error('it is no HTTP/1.1 answer');
  const status = Number(digits);
  const fields = new Map<string, string>();
  for (let i = 1; i < lines.length; i++) addField(fields, lines[i] ?? '');
  const framing = toFraming(fields, status, method);
  const connection = fields.get('connection');
  const isClosed = connection !== undefined && /(?:^|[ \t,])close(?:$|[ \t,])/i.test(connection);
  return {
    status,
    fields: Object.fromEntries(fields),
    framing,
    isKept: minor === '1' && !isClosed && framing.type !== 'close',
  };
}

function addField(fields: Map<string, string>, line: string): void {
  const { name, value } = parseField(line);
  // White space around a value is no part of it (RFC 9112 §5), but some parsers take a tab for a part of the coding.
  if (FRAMING_FIELDS.has(name) && line.includes('\t')) throw new Error(`a tab stands beside its ${name}`);
  const before = fields.get(name);
  fields.set(name, before === undefined ? value : `${before}, ${value}`);
}

function parseField(line: string): { readonly name: string; readonly value: string } {
  const colon = line.indexOf(':');
  const name = line.slice(0, colon).toLowerCase();
  if (colon < 1 || !NAME.test(name)) throw new Error('a line of its head is no header field');
  return { name, value: trimOws(line.slice(colon + 1)) };
}

/**
 * Checks a line of the trailer section, which is not used (RFC 9112 §7.1.2). A length or a coding there would be read
 * by some as the body's (RFC 9110 §6.5.1).
 *
 * @param line a character for a byte
 * @throws Error which says what is wrong
 */
export function checkTrailer(line: string): void {
  const { name, value } = parseField(line);
  if (!isFieldValue(value)) throw new Error('its trailer has control characters');
  if (FRAMING_FIELDS.has(name)) throw new Error(`its trailer has a ${name}`);
}

function toFraming(fields: ReadonlyMap<string, string>, status: number, method: string): Framing {
  const coding = fields.get('transfer-encoding');
  const length = fields.get('content-length');
  // Checked also where there is no body: a proxy in between may expect one.
  if (coding !== undefined && length !== undefined) throw new Error('it has a Content-Length and a Transfer-Encoding');
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') throw new Error(`its Transfer-Encoding is ${coding}`);
  if (length !== undefined && !/^\d{1,15}$/.test(length)) throw new Error(`its Content-Length is ${length}`);
  if (method === 'HEAD' || status === 204 || status === 304 || status < 200) return { type: 'none' };
  if (coding !== undefined) return { type: 'chunked' };
  return length === undefined ? { type: 'close' } : { type: 'length', length: Number(length) };
}
