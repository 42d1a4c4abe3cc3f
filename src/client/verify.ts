import type { Intervals } from '../http/intervals.ts';
import type { ReprDigest } from './repr-digest.ts';
import type { Sink } from './sink.ts';
import type { Version } from './verdict.ts';

/** Checks the pieces of a file against the digests of a piece index. */
export interface PieceVerifier {
  /** The SHA-256 of the whole that its pieces make, in hexadecimal digits, if it knows it. */
  readonly sha256?: string;
  /**
   * Returns the bytes whose digest is wrong. They are fetched again.
   *
   * @param size of the file, all of whose bytes are written
   */
  findBad(size: number, signal: AbortSignal): Promise<Intervals>;
}

/** How a file was verified. */
export type Verification =
  | { readonly type: 'pieces' }
  | { readonly type: 'digest'; readonly algorithm: ReprDigest['algorithm']; readonly hex: string }
  /** `reason` says why it was not. */
  | { readonly type: 'none'; readonly reason: string };

/** The finding about the bytes of a file. */
export type VerifyResult =
  | { readonly type: 'right'; readonly verification: Verification }
  | { readonly type: 'bad-pieces'; readonly bad: Intervals }
  | { readonly type: 'mismatch'; readonly expected: ReprDigest; readonly actual: string };

/** All that a file is verified with. */
export interface VerifyOptions {
  readonly sink: Sink;
  readonly version: Version & { readonly size: number };
  /** Those that the server has told of this version. */
  readonly digests: readonly ReprDigest[];
  /** The digest that the user knows. It counts more than that of the server. */
  readonly checksum: ReprDigest | undefined;
  readonly pieces: PieceVerifier | undefined;
  readonly signal: AbortSignal;
}

/** Verifies a file whose bytes are all written: its pieces, so that bad ones are fetched again, and its digest. */
export async function verify(options: VerifyOptions): Promise<VerifyResult> {
  const { sink, version, digests, checksum, pieces, signal } = options;
  const bad = (await pieces?.findBad(version.size, signal)) ?? [];
  if (bad.length > 0) return { type: 'bad-pieces', bad };
  const expected = expectedDigest(checksum, digests, pieces);
  if (expected === 'proved by pieces') return { type: 'right', verification: { type: 'pieces' } };
  if (expected === undefined) {
    const reason = version.isCoded ? 'the server has sent it with a content coding' : 'the server has sent no digest';
    return { type: 'right', verification: pieces === undefined ? { type: 'none', reason } : { type: 'pieces' } };
  }
  if (sink.digest === undefined) {
    return { type: 'right', verification: { type: 'none', reason: 'digests can not be computed here' } };
  }
  const actual = await sink.digest(expected.algorithm, version.size, signal);
  if (actual !== expected.hex) return { type: 'mismatch', expected, actual };
  return { type: 'right', verification: { type: 'digest', ...expected } };
}

/**
 * Chooses the digest that is computed of the whole: that of the user, else one of the server. If the server tells the
 * same digest in its index of pieces, the pieces prove the file, and it is not read once more.
 */
export function expectedDigest(
  checksum: ReprDigest | undefined,
  digests: readonly ReprDigest[],
  pieces: PieceVerifier | undefined,
): ReprDigest | undefined | 'proved by pieces' {
  if (checksum !== undefined) return checksum;
  const isCovered = digests.some(({ algorithm, hex }) => algorithm === 'sha-256' && hex === pieces?.sha256);
  return isCovered ? 'proved by pieces' : digests[0];
}
