import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import vectors from '../../docs/piece-index-vectors.json' with { type: 'json' };
import { buildPieceIndex } from '../../src/digests/build-piece-index.ts';
import {
  decodePieceIndex,
  encodePieceIndex,
  MAX_INDEX_LENGTH,
  MAX_INDEXED_SIZE,
  pieceIndexKey,
  pieceLengthOf,
} from '../../src/digests/piece-index.ts';
import { nodeHashing } from '../../src/platform/node/piece-hashing.ts';
import type { ObjectStore } from '../../src/store/object-store.ts';
import { reportSkipped } from '../full.ts';

const fromHex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const contentOf = (size: number) => Uint8Array.from({ length: size }, (_, i) => i % 251);

/** A store with one object, whose body comes in chunks of odd lengths. */
function storeOf(bytes: Uint8Array, etag: string): ObjectStore {
  const representation = { size: bytes.length, etag: { weak: false, opaque: etag } };
  return {
    head: async () => representation,
    async read() {
      const chunks = ReadableStream.from(
        (function* () {
          for (let at = 0, length = 1; at < bytes.length; at += length, length = 300_007)
            yield bytes.subarray(at, at + length);
        })(),
      );
      return { type: 'open', representation, span: { start: 0, end: bytes.length }, body: chunks };
    },
  };
}

describe('docs/piece-index-vectors.json, which another implementation made', () => {
  test.for(vectors.vectors)(
    'the index of $key is built, printed and read',
    async ({ key, etag, size, name, index }) => {
      const built = await buildPieceIndex(storeOf(contentOf(size), etag), key, key, nodeHashing);
      if (built.type !== 'built') return expect.fail(built.type);
      expect(Buffer.from(await encodePieceIndex(built.index)).toString('hex')).toBe(index);
      const decoded = await decodePieceIndex(fromHex(index));
      expect(decoded).toMatchObject({ key, etag, size });
      expect(Buffer.from(await encodePieceIndex(decoded ?? built.index)).toString('hex')).toBe(index);
      expect(await pieceIndexKey(key)).toBe(`.rangeway/pieces/${name}`);
    },
  );

  test.for(vectors.invalid)('an index is none: $name', async ({ index }) => {
    expect(await decodePieceIndex(fromHex(index))).toBeUndefined();
  });
});

test('an index with any bit changed, or of any other length, is none', async () => {
  const valid = fromHex(vectors.vectors[0]?.index ?? '');
  expect(await decodePieceIndex(valid)).toBeDefined();
  for (let bit = 0; bit < valid.length * 8; bit++) {
    const changed = valid.slice();
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(await decodePieceIndex(changed)).toBeUndefined();
  }
  for (let length = 0; length < valid.length; length++)
    expect(await decodePieceIndex(valid.slice(0, length))).toBeUndefined();
  expect(await decodePieceIndex(new Uint8Array([...valid, 0]))).toBeUndefined();
});

test('a decoded index is the same in the middle of a larger buffer', async () => {
  const valid = fromHex(vectors.vectors[2]?.index ?? '');
  const buffer = new Uint8Array(valid.length + 20);
  buffer.set(valid, 7);
  expect(await decodePieceIndex(buffer.subarray(7, 7 + valid.length))).toEqual(await decodePieceIndex(valid));
});

test.for([
  [0, 1],
  [1, 1],
  [16 * 1024 ** 3, 1],
  [16 * 1024 ** 3 + 1, 2],
  [32 * 1024 ** 3, 2],
  [5 * 1024 ** 4, 512],
  [MAX_INDEXED_SIZE, 1024],
] as const)('the pieces of %i bytes have %i MiB', ([size, length]) => {
  expect(pieceLengthOf(size)).toBe(length * 1024 ** 2);
});

test('the longest index is printed and read', async () => {
  const index = {
    key: 'k'.repeat(1_024),
    etag: 'e'.repeat(1_024),
    size: MAX_INDEXED_SIZE,
    crc32: 0xffff_ffff,
    sha256: new Uint8Array(32),
    pieces: new Uint8Array(16_384 * 32),
  };
  const bytes = await encodePieceIndex(index);
  expect(bytes.length).toBe(MAX_INDEX_LENGTH);
  expect(await decodePieceIndex(bytes)).toEqual(index);
});

test.for([
  { key: 'k'.repeat(1_025) },
  { etag: 'ä' },
  { size: MAX_INDEXED_SIZE + 1 },
  { size: 0 },
  { size: -1 },
  { size: Number.NaN },
  { sha256: new Uint8Array(31) },
  { pieces: new Uint8Array(31) },
])('an index that can not be read again is not printed: %o', async (wrong) => {
  const index = { key: 'k', etag: 'e', size: 1, crc32: 0, sha256: new Uint8Array(32), pieces: new Uint8Array(32) };
  await expect(encodePieceIndex({ ...index, ...wrong })).rejects.toThrow(RangeError);
});

const page = readFileSync(join(import.meta.dirname, '../../docs/piece-index.md'), 'utf8');
const blockOf = (language: string) => new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(page)?.[1] ?? '';

const missing = ['openssl', 'python3'].filter((name) => spawnSync(name, ['version']).error !== undefined);
if (missing.length > 0) {
  reportSkipped('the checks of docs/piece-index.md', `${missing.join(', ')} missing: test/digests/packages.txt`);
}

describe.skipIf(missing.length > 0)('docs/piece-index.md in other languages', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rangeway-pieces-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const run = (command: string, ...args: readonly string[]) =>
    execFileSync(command, args, { cwd: folder, encoding: 'utf8', env: { PATH: process.env['PATH'] } });

  test.for(vectors.vectors)('openssl and Python find the index of $key right', ({ key, etag, size, index }) => {
    writeFileSync(join(folder, 'file.pieces'), fromHex(index));
    writeFileSync(join(folder, 'file'), contentOf(size));
    const [, ...commands] = blockOf('sh').trim().split('\n');
    const [computed, stored] = commands.map((line) => run('sh', '-c', line));
    expect(computed).toMatch(/[\da-f]{2} /);
    expect(stored).toBe(computed);
    const pieces = Math.ceil(size / 1024 ** 2);
    writeFileSync(join(folder, 'check.py'), blockOf('python'));
    expect(run('python3', '-X', 'utf8', 'check.py', 'file.pieces', 'file')).toBe(`${key} ${etag} ${pieces} []\n`);
  });
});
