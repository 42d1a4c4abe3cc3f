import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, utimesSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { decodePieceIndex, pieceIndexKey } from '../../../src/digests/piece-index.ts';
import { fsStore } from '../../../src/store/drivers/fs/fs-store.ts';
import { killAll, run, start } from '../commands.ts';

const root = await mkdtemp(join(tmpdir(), 'rangeway-index-'));
afterAll(async () => {
  killAll();
  await rm(root, { recursive: true });
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(root, 'files-'));
});

async function write(key: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(join(folder, key)), { recursive: true });
  await writeFile(join(folder, key), bytes);
}

const index = async (...args: readonly string[]) => {
  const { code, out, err } = await run(['index', '--dir', folder, '--json', ...args], { cwd: root });
  const [json = '{}'] = out.trim().split('\n').slice(-1);
  return { code, out, err, summary: JSON.parse(json) };
};

const pathOf = async (key: string) => join(folder, await pieceIndexKey(key));
const readIndex = async (key: string) => decodePieceIndex(new Uint8Array(await readFile(await pathOf(key))));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex');

/** Holds an index to the file and to the tag that a gateway sends. */
async function expectTrue(key: string): Promise<void> {
  const found = await readIndex(key);
  const bytes = await readFile(join(folder, key));
  const representation = await fsStore(folder, { hidden: true }).head(key);
  expect(found).toMatchObject({ key, size: bytes.length, crc32: crc32(bytes), etag: representation?.etag?.opaque });
  expect(hex(found?.sha256)).toBe(sha256(bytes));
  const pieces = Array.from({ length: Math.ceil(bytes.length / 2 ** 20) }, (_, i) =>
    sha256(bytes.subarray(i * 2 ** 20, (i + 1) * 2 ** 20)),
  );
  expect(hex(found?.pieces)).toBe(pieces.join(''));
}

const KEYS = ['a.bin', 'deep/er/b.bin', 'ünï/日本 %#?.bin', 'quote\'" `.bin', 'empty', '.well-known/x'];

test('every file gets a true index, whatever its key; a second run builds none', async () => {
  for (const [i, key] of KEYS.entries()) await write(key, randomBytes(key === 'empty' ? 0 : 1 + i * 700_001));
  const first = await index();
  expect([first.code, first.summary]).toEqual([0, expect.objectContaining({ built: KEYS.length, current: 0 })]);
  for (const key of KEYS) await expectTrue(key);
  const second = await index();
  expect([second.code, second.summary]).toEqual([0, expect.objectContaining({ built: 0, current: KEYS.length })]);
  expect(second.err).toContain(`0 indexes built (0 bytes), ${KEYS.length} current`);
});

test('builds again what was changed, and what is damaged, truncated or foreign', async () => {
  for (const key of ['changed', 'damaged', 'truncated', 'foreign', 'same']) await write(key, randomBytes(100));
  await index();
  await write('changed', randomBytes(100));
  const bytes = await readFile(await pathOf('damaged'));
  await writeFile(await pathOf('damaged'), Buffer.from(bytes.map((byte, i) => (i === 60 ? byte ^ 1 : byte))));
  await writeFile(await pathOf('truncated'), bytes.subarray(0, 70));
  await writeFile(await pathOf('foreign'), await readFile(await pathOf('same')));
  const { summary } = await index();
  expect(summary).toMatchObject({ built: 4, current: 1, failed: 0 });
  for (const key of ['changed', 'damaged', 'truncated', 'foreign', 'same']) await expectTrue(key);
});

test('an index of a later format is left as it is, and told', async () => {
  await write('key', randomBytes(10));
  await mkdir(join(folder, '.rangeway/pieces'), { recursive: true });
  await writeFile(await pathOf('key'), Uint8Array.of(2, 1, 2, 3));
  const { code, err, summary } = await index('--prune');
  expect([code, summary.skipped, summary.removed]).toEqual([0, 1, 0]);
  expect(err).toContain('key: no index, because it has an index of a later format');
  expect([...(await readFile(await pathOf('key')))]).toEqual([2, 1, 2, 3]);
});

test('--prune removes the indexes of files that are gone, what is none, and what a killed run left', async () => {
  for (const key of ['gone', 'kept']) await write(key, randomBytes(10));
  await index();
  await rm(join(folder, 'gone'));
  const pieces = join(folder, '.rangeway/pieces');
  await writeFile(join(pieces, 'misplaced'), await readFile(await pathOf('kept')));
  await writeFile(join(pieces, 'text'), 'text');
  await writeFile(join(pieces, 'old.new'), 'half');
  await writeFile(join(pieces, 'young.new'), 'half');
  utimesSync(join(pieces, 'old.new'), 1, 1);
  expect((await index()).summary.removed).toBe(0);
  const dry = await index('--prune', '--dry-run');
  expect([dry.summary.removed, existsSync(await pathOf('gone'))]).toEqual([3, true]);
  expect((await index('--prune')).summary.removed).toBe(3);
  const kept = (await pieceIndexKey('kept')).split('/').at(-1);
  expect(new Set(await readdir(pieces))).toEqual(new Set([kept, 'young.new']));
});

test('--dry-run prints the keys that would get an index, and writes nothing', async () => {
  for (const key of ['old', 'new "x"\n']) await write(key, randomBytes(10));
  const { code, out, summary } = await index('--dry-run');
  expect([code, summary.built, existsSync(join(folder, '.rangeway'))]).toEqual([0, 2, false]);
  expect(out.split('\n').slice(0, 2).toSorted()).toEqual(['"new \\"x\\"\\n"', '"old"']);
});

test('an index that can not be written is told, the others are built, and the command fails', async () => {
  for (const key of ['bad', 'good']) await write(key, randomBytes(10));
  await mkdir(await pathOf('bad'), { recursive: true });
  const { code, err, summary } = await index();
  expect([code, summary]).toEqual([1, expect.objectContaining({ built: 1, failed: 1 })]);
  expect(summary.failures).toEqual([{ key: 'bad', reason: expect.stringContaining('its index could not be written') }]);
  expect(err).toMatch(/1 index built \(10 bytes\), 0 current, 1 failed/);
  await expectTrue('good');
});

test('the indexes can be in another folder, below a prefix', async () => {
  await write('key', randomBytes(10));
  const other = await mkdtemp(join(root, 'pieces-'));
  expect((await index('--pieces-in', other, '--pieces-prefix', 'x/')).summary.built).toBe(1);
  expect(existsSync(join(other, 'x', await pieceIndexKey('key')))).toBe(true);
  expect(existsSync(join(folder, '.rangeway'))).toBe(false);
});

test('indexes below a prefix in the folder itself are no files that lack one', async () => {
  for (const key of ['a', 'b']) await write(key, randomBytes(10));
  const args = ['--hidden', '--pieces-prefix', 'v1/'];
  expect((await index(...args)).summary).toMatchObject({ built: 2, skipped: 0 });
  const second = await index(...args);
  expect([second.err, second.summary]).toEqual([
    expect.not.stringContaining('.rangeway'),
    expect.objectContaining({ current: 2, skipped: 0 }),
  ]);
});

test.for([
  [['index'], /index needs a folder or a bucket/],
  [['index', '--dir', '.', '--s3', 'abc'], /two places/],
  [['index', '--dir', '.', '--concurrency', '0'], /--concurrency takes a number from 1 to 64/],
  [['index', '--dir', 'nowhere'], /there is no such folder/],
  [['index', '--hidden', '--s3', 'abc'], /--hidden goes with --dir/],
] as const)('a wrong command line is refused: %o', async ([args, message]) => {
  const { code, err } = await run(args, { cwd: root });
  expect([code, err]).toEqual([2, expect.stringMatching(message)]);
});

describe('killed at ten points and run again', () => {
  test.for(Array.from({ length: 10 }, (_, i) => i * 2))('after %i indexes', async (after) => {
    const keys = Array.from({ length: 24 }, (_, i) => `${i}.bin`);
    for (const key of keys) await write(key, randomBytes(2_500_000));
    const { child } = start(['index', '--dir', folder, '--concurrency', '2'], { cwd: root });
    const pieces = join(folder, '.rangeway/pieces');
    const exited = once(child, 'exit');
    while (child.exitCode === null) {
      const names = await readdir(pieces).catch(() => []);
      if (names.length > after || (after === 0 && names.length > 0)) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    child.kill('SIGKILL');
    await exited;
    const { summary, code } = await index();
    expect([code, summary.built + summary.current]).toEqual([0, keys.length]);
    for (const key of keys) await expectTrue(key);
  });
});
