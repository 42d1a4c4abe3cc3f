import { isFieldValue, trimOws } from '../../../http/index.ts';

/** How the end of a body is determined (RFC 9112 §6.3). */
export type Framing =
  /** There is no body: a response to HEAD, a 204 or a 304. */
  | { readonly type: 'none' }
  | { readonly type: 'length'; readonly length: number }
  | { readonly type: 'chunked' }
  /** The body ends with the connection, so a truncated one looks complete. */
  | { readonly type: 'close' };

/** The status line and the fields of a response. */
export interface ResponseHead {
  readonly status: number;
  /** Names are in lower case. The values of several lines with one name are joined with commas. */
  readonly fields: Readonly<Record<string, string>>;
  readonly framing: Framing;
  /** Whether the connection persists after the response (RFC 9112 §9.3). */
  readonly isPersistent: boolean;
}

/**
 * The most bytes of a head or of a trailer section. No storage sends as many: S3 allows 8 KiB of fields for an object.
 */
export const MAX_HEAD = 64 * 1024;

const NAME = /^[\w!#$%&'*+.^`|~-]+$/;
const FRAMING_FIELDS = new Set(['content-length', 'transfer-encoding']);
/** Characters that no line may contain (RFC 9110 §5.5): NUL, a CR without LF, an LF without CR. */
// oxlint-disable-next-line no-control-regex -- the pattern matches control characters
const DANGEROUS = /\0|\r(?!\n)|(?<!\r)\n/;
// oxlint-disable-next-line no-control-regex -- the pattern matches all but ASCII
const NOT_ASCII = /[^\0-\x7f]/;

/**
 * Parses the head of a response, without its empty line. A head that is ambiguous is an error: with a wrong length, the
 * rest of one body would be read as the next response (RFC 9112 §11.2).
 *
 * @param text one character for each byte (Latin-1)
 * @param method of the request; a response to HEAD has no body
 * @throws Error that names the defect
 */
export function parseResponseHead(text: string, method: string): ResponseHead {
  if (DANGEROUS.test(text)) throw new Error('its head has control characters');
  // Decoded as UTF-8, as workerd's fetch does, so that a stored value is the same text on every platform.
  const decoded = NOT_ASCII.test(text) ? Buffer.from(text, 'latin1').toString('utf8') : text;
  const lines = decoded.split('\r\n');
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
    isPersistent: minor === '1' && !isClosed && framing.type !== 'close',
  };
}

function addField(fields: Map<string, string>, line: string): void {
  const { name, value } = parseField(line);
  // White space around a value is not part of it (RFC 9112 §5), but some parsers take a tab for a part of the coding.
  if (FRAMING_FIELDS.has(name) && line.includes('\t')) throw new Error(`a tab stands beside its ${name}`);
  const existing = fields.get(name);
  fields.set(name, existing === undefined ? value : `${existing}, ${value}`);
}

function parseField(line: string): { readonly name: string; readonly value: string } {
  const colon = line.indexOf(':');
  const name = line.slice(0, colon).toLowerCase();
  if (colon < 1 || !NAME.test(name)) throw new Error('a line of its head is no header field');
  return { name, value: trimOws(line.slice(colon + 1)) };
}

/**
 * Checks a line of the trailer section. Trailer fields are not used (RFC 9112 §7.1.2). A length or a coding is refused:
 * some parsers would apply it to the body (RFC 9110 §6.5.1).
 *
 * @param line one character for each byte (Latin-1)
 * @throws Error that names the defect
 */
export function checkTrailer(line: string): void {
  const { name, value } = parseField(line);
  if (!isFieldValue(value)) throw new Error('its trailer has control characters');
  if (FRAMING_FIELDS.has(name)) throw new Error(`its trailer has a ${name}`);
}

function toFraming(fields: ReadonlyMap<string, string>, status: number, method: string): Framing {
  const coding = fields.get('transfer-encoding');
  const length = fields.get('content-length');
  // Checked even if there is no body: a proxy in between may expect one.
  if (coding !== undefined && length !== undefined) throw new Error('it has a Content-Length and a Transfer-Encoding');
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') throw new Error(`its Transfer-Encoding is ${coding}`);
  if (length !== undefined && !/^\d{1,15}$/.test(length)) throw new Error(`its Content-Length is ${length}`);
  if (method === 'HEAD' || status === 204 || status === 304 || status < 200) return { type: 'none' };
  if (coding !== undefined) return { type: 'chunked' };
  return length === undefined ? { type: 'close' } : { type: 'length', length: Number(length) };
}
