import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fileTarget, isFinished } from '../../../src/client/sinks/node-file.ts';
import { journalContract } from '../journal-contract.ts';
import { sinkContract } from '../sink-contract.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-sink-'));
});
afterAll(() => rm(folder, { recursive: true }));

const freshPath = async () => join(await mkdtemp(join(folder, 'case-')), 'file.bin');

sinkContract('a file', async () => {
  const path = await freshPath();
  return {
    make: () => fileTarget(path).sink,
    read: () =>
      readFile(path).then(
        (one) => new Uint8Array(one),
        () => undefined,
      ),
  };
});

journalContract('a file', async () => {
  const path = await freshPath();
  return () => fileTarget(path).journal;
});

test('closing waits for writes: their file descriptor might be that of another file then', async () => {
  const path = await freshPath();
  const { sink } = fileTarget(path);
  await sink.open();
  const bytes = new Uint8Array(32 * 1024 * 1024).fill(7);
  let isWritten = false;
  const writing = Promise.all([sink.write(bytes.length, bytes), sink.write(0, bytes)]).then(() => (isWritten = true));
  await sink.close();
  expect(isWritten).toBe(true);
  await writing;
  expect((await readFile(`${path}.part`)).equals(Buffer.concat([bytes, bytes]))).toBe(true);
});

test('nothing but the file is left at the end', async () => {
  const path = await freshPath();
  const { sink, journal } = fileTarget(path);
  await journal.open();
  await sink.open();
  await sink.write(0, new Uint8Array(5));
  await journal.save('text');
  expect((await readdir(join(path, '..'))).toSorted()).toEqual([
    'file.bin.part',
    'file.bin.rangeway',
    'file.bin.rangeway.lock',
  ]);
  await sink.finish(5);
  await journal.remove();
  await sink.close();
  await journal.close();
  expect(await readdir(join(path, '..'))).toEqual(['file.bin']);
});

test('a file of the name is not touched without force, even if it appears later', async () => {
  const path = await freshPath();
  await writeFile(path, 'mine');
  await expect(fileTarget(path).sink.open()).rejects.toMatchObject({ failure: { code: 'conflict' } });
  await rm(path);
  const { sink } = fileTarget(path);
  await sink.open();
  await sink.write(0, new Uint8Array(5));
  await writeFile(path, 'mine');
  await expect(sink.finish(5)).rejects.toMatchObject({ failure: { code: 'conflict' } });
  await sink.close();
  expect(await readFile(path, 'utf8')).toBe('mine');
});

test('a file of the name is replaced with force, and with a journal', async () => {
  for (const force of [true, false]) {
    const path = await freshPath();
    await writeFile(path, 'old');
    const { sink, journal } = fileTarget(path, { force });
    if (!force) await writeFile(`${path}.rangeway`, 'text');
    await journal.open();
    await sink.open();
    await sink.write(0, new TextEncoder().encode('new one'));
    await sink.finish(7);
    await journal.remove();
    await sink.close();
    await journal.close();
    expect(await readFile(path, 'utf8')).toBe('new one');
    expect(await readdir(join(path, '..'))).toEqual(['file.bin']);
  }
});

test('a folder of the name is refused', async () => {
  const path = await freshPath();
  await mkdir(path);
  await expect(fileTarget(path, { force: true }).sink.open()).rejects.toMatchObject({ failure: { code: 'conflict' } });
});

test('a run that was killed after the file had its name is noticed, and its part removed', async () => {
  const path = await freshPath();
  const { sink, journal } = fileTarget(path);
  await journal.open();
  await sink.open();
  await sink.write(0, new Uint8Array(5));
  await sink.finish(5);
  expect(await isFinished(path)).toBe(true);
  expect(await isFinished(path)).toBe(false);
  expect((await readdir(join(path, '..'))).toSorted()).toEqual(['file.bin', 'file.bin.rangeway.lock']);
});
