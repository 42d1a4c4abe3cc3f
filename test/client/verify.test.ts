import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { ReprDigest } from '../../src/client/repr-digest.ts';
import type { Sink } from '../../src/client/sink.ts';
import { verify } from '../../src/client/verify.ts';

const HEX = createHash('sha256').update('whole').digest('hex');
const OTHER = '0'.repeat(64);
const sha256 = (hex: string): ReprDigest => ({ algorithm: 'sha-256', hex });
const SHA512: ReprDigest = { algorithm: 'sha-512', hex: '1'.repeat(128) };

/** Verifies a file, and tells whether it was read for a digest of the whole. */
async function verified(index: string | undefined, digests: readonly ReprDigest[], checksum?: ReprDigest) {
  let reads = 0;
  const sink: Sink = {
    isSequential: false,
    open: async () => 5,
    write: async () => undefined,
    sync: async () => undefined,
    empty: async () => undefined,
    async digest(algorithm) {
      reads++;
      return algorithm === 'sha-256' ? HEX : SHA512.hex;
    },
    finish: async () => undefined,
    close: async () => undefined,
  };
  const version = { size: 5, validator: { type: 'none' }, isCoded: false, digests } as const;
  const pieces = index === undefined ? undefined : { sha256: index, findBad: async () => [] };
  const { signal } = new AbortController();
  const finding = await verify({ sink, version, digests, checksum, pieces, signal });
  return [finding.type === 'right' ? finding.verification.type : finding.type, reads];
}

describe('a file that is proved by its pieces', () => {
  test('is not read once more for the digest that their index has too', async () => {
    expect(await verified(HEX, [sha256(HEX)])).toEqual(['pieces', 0]);
    expect(await verified(HEX, [SHA512, sha256(HEX)])).toEqual(['pieces', 0]);
    expect(await verified(HEX, [])).toEqual(['pieces', 0]);
  });

  test('is read if the server tells another digest, or the user any', async () => {
    expect(await verified(HEX, [SHA512])).toEqual(['digest', 1]);
    expect(await verified(OTHER, [sha256(HEX)])).toEqual(['digest', 1]);
    expect(await verified(HEX, [sha256(OTHER)])).toEqual(['mismatch', 1]);
    expect(await verified(HEX, [sha256(HEX)], sha256(HEX))).toEqual(['digest', 1]);
    expect(await verified(OTHER, [sha256(OTHER)], sha256(OTHER))).toEqual(['mismatch', 1]);
  });

  test('and one without pieces is read, if there is a digest', async () => {
    expect(await verified(undefined, [sha256(HEX)])).toEqual(['digest', 1]);
    expect(await verified(undefined, [])).toEqual(['none', 0]);
  });
});
