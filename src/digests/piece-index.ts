// Not from the index of http: clients in browsers load this file, and all that it imports.
import { isPrintableTag } from '../http/entity-tag.ts';
import { toBase64 } from '../http/digest.ts';

/**
 * The digests of one version of an object: of the whole, and of its pieces, so that each piece can be checked, and
 * fetched again, by itself. docs/piece-index.md describes the format byte by byte.
 */
export interface PieceIndex {
  /** The key of the object in its bucket or folder, with the prefix of every mount. */
  readonly key: string;
  /** The opaque text of the object's strong entity tag. */
  readonly etag: string;
  /** In bytes. */
  readonly size: number;
  /** CRC-32 of the whole, that of gzip, unsigned. */
  readonly crc32: number;
  readonly sha256: Uint8Array;
  /** The SHA-256 of each piece, one after another. A piece has {@link pieceLengthOf} bytes, the last one the rest. */
  readonly pieces: Uint8Array;
}

/** Media type of a piece index. */
export const PIECES_TYPE = 'application/vnd.rangeway.pieces';

const VERSION = 1;

/** Bytes of a SHA-256. */
export const HASH_LENGTH = 32;

const MAX_PIECES = 16_384;
const MIN_PIECE = 20;
const MAX_PIECE = 30;

/** The largest object that can have an index, in bytes: 16 TiB. */
export const MAX_INDEXED_SIZE = MAX_PIECES * 2 ** MAX_PIECE;

/** The length of the fields before the key, in bytes. */
const HEAD = 50;

const MAX_TEXT = 1_024;

/** The longest index, in bytes. */
export const MAX_INDEX_LENGTH = HEAD + 2 * MAX_TEXT + (MAX_PIECES + 1) * HASH_LENGTH;

/**
 * Returns the length of the pieces of an object: the least power of two from 1 MiB on that makes at most 16,384 of them.
 *
 * @param size of the object in bytes, at most {@link MAX_INDEXED_SIZE}
 * @returns bytes
 */
export function pieceLengthOf(size: number): number {
  return 2 ** pieceExponent(size);
}

function pieceExponent(size: number): number {
  let exponent = MIN_PIECE;
  while (size > MAX_PIECES * 2 ** exponent) exponent++;
  return exponent;
}

/** Returns the number of pieces of an object. */
function pieceCountOf(size: number): number {
  return Math.ceil(size / pieceLengthOf(size));
}

/**
 * Prints an index in the format of docs/piece-index.md.
 *
 * @throws RangeError if a member can't be printed, such as a key of more than 1,024 bytes
 */
export async function encodePieceIndex(index: PieceIndex): Promise<Uint8Array<ArrayBuffer>> {
  const { size, crc32, sha256, pieces } = index;
  const key = new TextEncoder().encode(index.key);
  const etag = new TextEncoder().encode(index.etag);
  if (!(size >= 0 && size <= MAX_INDEXED_SIZE) || pieces.length !== pieceCountOf(size) * HASH_LENGTH)
    throw new RangeError('an index takes a size up to 16 TiB, and one hash for each piece');
  if (key.length > MAX_TEXT || !isTag(index.etag) || sha256.length !== HASH_LENGTH)
    throw new RangeError('an index takes a key of up to 1,024 bytes, a tag in ASCII, and a SHA-256');
  const length = HEAD + key.length + etag.length + pieces.length;
  const bytes = new Uint8Array(length + HASH_LENGTH);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, VERSION);
  view.setUint8(1, pieceExponent(size));
  view.setUint16(2, key.length);
  view.setUint16(4, etag.length);
  view.setBigUint64(6, BigInt(size));
  view.setUint32(14, crc32);
  bytes.set(sha256, 18);
  bytes.set(key, HEAD);
  bytes.set(etag, HEAD + key.length);
  bytes.set(pieces, HEAD + key.length + etag.length);
  bytes.set(await hash(bytes.subarray(0, length)), length);
  return bytes;
}

/**
 * Parses an index.
 *
 * @returns `undefined` for anything but a complete index of this version: one that is truncated, has a changed bit, is of
 *   a later version, or is another file
 */
export async function decodePieceIndex(bytes: Uint8Array<ArrayBuffer>): Promise<PieceIndex | undefined> {
  if (bytes.length < HEAD + HASH_LENGTH || bytes.length > MAX_INDEX_LENGTH || bytes[0] !== VERSION) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = Number(view.getBigUint64(6));
  if (size > MAX_INDEXED_SIZE || view.getUint8(1) !== pieceExponent(size)) return undefined;
  const keyEnd = HEAD + view.getUint16(2);
  const etagEnd = keyEnd + view.getUint16(4);
  const end = etagEnd + pieceCountOf(size) * HASH_LENGTH;
  if (bytes.length !== end + HASH_LENGTH) return undefined;
  if (!isEqual(await hash(bytes.subarray(0, end)), bytes.subarray(end))) return undefined;
  const key = decodeUtf8(bytes.subarray(HEAD, keyEnd));
  const etag = decodeUtf8(bytes.subarray(keyEnd, etagEnd));
  if (key === undefined || etag === undefined || !isTag(etag)) return undefined;
  const sha256 = bytes.subarray(18, HEAD);
  return { key, etag, size, crc32: view.getUint32(14), sha256, pieces: bytes.subarray(etagEnd, end) };
}

/** Whether a file that is no index of this version says that it is one of a later version: they go up to 31. */
export function isLaterVersion([version = 0]: Uint8Array): boolean {
  return version > VERSION && version < 32;
}

/** The tag is compared with tags that were sent, so it has one form only. */
function isTag(opaque: string): boolean {
  return isPrintableTag({ weak: false, opaque });
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The folder of all indexes, below the prefix of the setting `pieces`. */
export const PIECES_FOLDER = '.rangeway/pieces/';

/**
 * Returns the key of an object's index. It is a hash, so that objects of any key have one, in folders too.
 *
 * @param key of the object in its bucket or folder, with the prefix of every mount
 */
export async function pieceIndexKey(key: string): Promise<string> {
  const digest = toBase64(await hash(new Uint8Array(new TextEncoder().encode(key))));
  return PIECES_FOLDER + digest.replaceAll('+', '-').replaceAll('/', '_').replace('=', '');
}

async function hash(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
