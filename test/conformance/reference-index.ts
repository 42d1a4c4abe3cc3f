import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Fixture } from './fixtures.ts';

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** The index of a fixture, made from the text of docs/piece-index.md and not from the code. */
export function referenceIndex({ key, bytes }: Fixture, opaque: string): Buffer {
  const name = Buffer.from(key);
  const tag = Buffer.from(opaque);
  const head = Buffer.alloc(18);
  head.writeUInt8(1, 0);
  head.writeUInt8(20, 1);
  head.writeUInt16BE(name.length, 2);
  head.writeUInt16BE(tag.length, 4);
  head.writeBigUInt64BE(BigInt(bytes.length), 6);
  head.writeUInt32BE(crc32(bytes), 14);
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 2 ** 20) pieces.push(sha256(bytes.subarray(at, at + 2 ** 20)));
  const before = Buffer.concat([head, sha256(bytes), name, tag, ...pieces]);
  return Buffer.concat([before, sha256(before)]);
}

/** Where the index of a key is. */
export function referenceIndexKey(key: string): string {
  return `.rangeway/pieces/${sha256(Buffer.from(key)).toString('base64url')}`;
}

/** The index that each fixture has in the tests: most a true one, and one of each kind that counts as none. */
export function storedIndex(fixture: Fixture, opaque: string): Buffer | undefined {
  const index = referenceIndex(fixture, opaque);
  switch (fixture.key) {
    case 'hash#.txt':
      return undefined;
    case 'plus+sign.txt':
      return index.subarray(0, -1);
    case 'percent%.txt':
      return Buffer.from(index.map((byte, i) => (i === 20 ? byte ^ 1 : byte)));
    case 'question?.txt':
      return referenceIndex(fixture, `${opaque}-old`);
    case 'with space.txt':
      return Buffer.concat([Buffer.of(2), index.subarray(1)]);
    case 'deep/er/file.txt':
      return referenceIndex({ ...fixture, key: 'other' }, opaque);
    default:
      return index;
  }
}
