import { decodePieceIndex, HASH_LENGTH, MAX_INDEX_LENGTH, PIECES_TYPE, pieceLengthOf } from '../digests/piece-index.ts';
import { addInterval, type Intervals } from '../http/intervals.ts';
import type { Fetcher } from './fetcher.ts';
import type { Sink } from './sink.ts';
import type { FieldReader } from './validator.ts';
import type { Version } from './verdict.ts';
import type { PieceVerifier } from './verify.ts';

/** One link of the field, up to its parameters. */
const LINK = /<([^<>]*)>((?:[ \t]*;[ \t]*[\w!#$&+.^`|~-]+(?:=(?:"[^"]*"|[^\s",;]+))?)*)/g;

/** Longest field that is read, in characters. */
const MAX_LENGTH = 16 * 1024;

/**
 * Finds the address of the piece index that a response announces: `Link: <…>; rel="describedby"` with the type of
 * indexes (RFC 8288, docs/piece-index.md).
 *
 * @param url of the response, to which the address is relative
 * @returns `undefined` if there is none, or if it is not http or https
 */
export function piecesAddress(fields: FieldReader, url: string): string | undefined {
  const value = fields.get('Link');
  if (value === null || value.length > MAX_LENGTH) return undefined;
  for (const [, target = '', parameters = ''] of value.matchAll(LINK)) {
    if (!/;[ \t]*rel="?describedby"?(?:[ \t]*;|$)/i.test(parameters)) continue;
    if (!parameters.includes(`"${PIECES_TYPE}"`)) continue;
    const address = URL.parse(target, url);
    if (address !== null && /^https?:$/.test(address.protocol)) return address.href;
  }
  return undefined;
}

/** The index to fetch, and how. */
export interface PiecesRequest {
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly fetcher: Fetcher;
  readonly sink: Sink;
  readonly version: Version & { readonly size: number };
  readonly signal: AbortSignal;
}

/**
 * Fetches the piece index of a version.
 *
 * @returns `undefined` if there is none that fits: of another version, damaged, or of a later format. Then the file is
 *   verified by its digest alone
 */
export async function fetchPieces(request: PiecesRequest): Promise<PieceVerifier | undefined> {
  const { sink, version } = request;
  const { validator, size } = version;
  // Without a strong tag, an index of another version could not be told from the right one.
  if (validator.type !== 'tag' || sink.read === undefined) return undefined;
  const bytes = await fetchIndex(request).catch(() => undefined);
  const index = bytes === undefined ? undefined : await decodePieceIndex(bytes);
  if (index === undefined || index.size !== size || index.etag !== validator.tag.opaque) return undefined;
  return { findBad: (whole, signal) => findBad(sink, index.pieces, whole, signal) };
}

async function fetchIndex({ url, fields, fetcher, version, signal }: PiecesRequest) {
  const { validator } = version;
  const condition = validator.type === 'tag' ? { 'if-match': `"${validator.tag.opaque}"` } : {};
  const response = await fetcher({ url, fields: { ...fields, ...condition, 'accept-encoding': 'identity' }, signal });
  const { body } = response;
  const [type = ''] = (response.fields.get('Content-Type') ?? '').split(';');
  if (response.status !== 200 || type.trim().toLowerCase() !== PIECES_TYPE) {
    await body.cancel();
    return undefined;
  }
  const bytes = new Uint8Array(MAX_INDEX_LENGTH);
  let length = 0;
  for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
    if (length + chunk.length > bytes.length) {
      await body.cancel();
      return undefined;
    }
    bytes.set(chunk, length);
    length += chunk.length;
  }
  return bytes.subarray(0, length);
}

async function findBad(sink: Sink, pieces: Uint8Array, size: number, signal: AbortSignal): Promise<Intervals> {
  const length = pieceLengthOf(size);
  let bad: Intervals = [];
  for (let start = 0, at = 0; start < size; start += length, at += HASH_LENGTH) {
    signal.throwIfAborted();
    const span = { start, end: Math.min(start + length, size) };
    const bytes = await sink.read?.(span.start, span.end);
    const digest = bytes === undefined ? undefined : new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    const expected = pieces.subarray(at, at + HASH_LENGTH);
    if (digest?.every((byte, i) => byte === expected[i]) !== true) bad = addInterval(bad, span);
  }
  return bad;
}
