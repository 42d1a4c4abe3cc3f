import {
  decodePieceIndex,
  HASH_LENGTH,
  MAX_INDEX_LENGTH,
  PIECES_TYPE,
  pieceLengthOf,
  type PieceIndex,
} from '../digests/piece-index.ts';
import { addInterval, type Intervals } from '../http/intervals.ts';
import { spanLength, type Span } from '../http/span.ts';
import type { Fetcher } from './fetcher.ts';
import { toHexText } from './repr-digest.ts';
import type { Sink } from './sink.ts';
import type { Version } from './verdict.ts';
import type { PieceVerifier } from './verify.ts';

/** The index to fetch, and how. */
export interface PiecesRequest {
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly fetcher: Fetcher;
  readonly sink: Sink;
  readonly version: Version & { readonly size: number };
  readonly signal: AbortSignal;
}

/** The pieces of a file, of which an index tells the digests. */
export interface Pieces extends PieceVerifier {
  /** The SHA-256 of the whole, in hexadecimal digits. */
  readonly sha256: string;
  /**
   * Checks the pieces that are complete and were not checked yet.
   *
   * @param written the bytes that the sink has
   * @param onBad is called for each piece with a wrong digest, and how often it was wrong
   */
  check(written: Intervals, signal: AbortSignal, onBad: (piece: Span, times: number) => void): Promise<void>;
  /** Returns the bytes of the pieces that were right. */
  rightBytes(): number;
  /** Bytes are written, so that their pieces have to be checked, or checked again. */
  noteWrite(span: Span): void;
}

/**
 * Fetches the piece index of a version.
 *
 * @returns `undefined` if there is none that fits: of another version, damaged, or of a later format. Then the file is
 *   verified by its digest alone
 */
export async function fetchPieces(request: PiecesRequest): Promise<Pieces | undefined> {
  const { sink, version } = request;
  const { validator, size } = version;
  // Without a strong tag, an index of another version could not be told from the right one.
  const canHash = sink.sha256 !== undefined || sink.read !== undefined;
  if (validator.type !== 'tag' || !canHash) return undefined;
  const bytes = await fetchIndex(request).catch(() => undefined);
  const index = bytes === undefined ? undefined : await decodePieceIndex(bytes);
  if (index === undefined || index.size !== size || index.etag !== validator.tag.opaque) return undefined;
  return piecesOf(sink, index);
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

async function digestOfRead(sink: Sink, start: number, end: number): Promise<Uint8Array | undefined> {
  const bytes = await sink.read?.(start, end);
  return bytes === undefined ? undefined : new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** Makes the checks of an index. A piece that was right is read again only if its bytes were written again. */
export function piecesOf(sink: Sink, { size, pieces, sha256 }: Omit<PieceIndex, 'key' | 'etag' | 'crc32'>): Pieces {
  const length = pieceLengthOf(size);
  const isRight = new Uint8Array(pieces.length / HASH_LENGTH);
  const timesWrong = new Map<number, number>();
  /** The piece that is being read, unless bytes of it were written meanwhile. */
  let reading: number | undefined;

  const spanOf = (piece: number): Span => ({ start: piece * length, end: Math.min((piece + 1) * length, size) });

  async function isPieceRight(piece: number): Promise<boolean | 'written-meanwhile'> {
    const { start, end } = spanOf(piece);
    reading = piece;
    const digest = await (sink.sha256 === undefined ? digestOfRead(sink, start, end) : sink.sha256(start, end));
    if (reading === undefined) return 'written-meanwhile';
    const expected = pieces.subarray(piece * HASH_LENGTH, (piece + 1) * HASH_LENGTH);
    const isSame = digest?.every((byte, i) => byte === expected[i]) === true;
    if (isSame) isRight[piece] = 1;
    return isSame;
  }

  return {
    sha256: toHexText(sha256),
    rightBytes: () => isRight.reduce((sum, right, piece) => (right === 1 ? sum + spanLength(spanOf(piece)) : sum), 0),
    noteWrite({ start, end }) {
      for (let piece = Math.floor(start / length); piece * length < end; piece++) {
        isRight[piece] = 0;
        if (piece === reading) reading = undefined;
      }
    },
    async check(written, signal, onBad) {
      for (const { start, end } of written) {
        for (let piece = Math.ceil(start / length); piece < isRight.length && spanOf(piece).end <= end; piece++) {
          signal.throwIfAborted();
          if (isRight[piece] === 1 || (await isPieceRight(piece)) !== false) continue;
          const times = (timesWrong.get(piece) ?? 0) + 1;
          timesWrong.set(piece, times);
          onBad(spanOf(piece), times);
        }
      }
    },
    async findBad(_, signal) {
      let bad: Intervals = [];
      for (let piece = 0; piece < isRight.length; piece++) {
        signal.throwIfAborted();
        if (isRight[piece] !== 1 && (await isPieceRight(piece)) !== true) bad = addInterval(bad, spanOf(piece));
      }
      return bad;
    },
  };
}
