import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, open, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileDigest } from '../../../src/client/sinks/node-digest.ts';

const MIB = 1024 * 1024;
const SIZE = 24 * MIB + 7;
const { signal } = new AbortController();
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

let folder: string;
let bytes: Buffer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-digest-'));
  bytes = randomBytes(SIZE);
});
afterAll(() => rm(folder, { recursive: true }));

let count = 0;
async function withFile(run: (handle: FileHandle) => Promise<void>): Promise<void> {
  const path = join(folder, `${count++}`);
  await writeFile(path, bytes);
  const handle = await open(path, 'r+');
  try {
    await run(handle);
  } finally {
    await handle.close();
    await rm(path);
  }
}

describe('the digest of a file', () => {
  test('is right with and without preparation, of both algorithms', () =>
    withFile(async (handle) => {
      const digest = fileDigest(handle);
      expect(await digest.of('sha-256', SIZE, signal)).toBe(sha256(bytes));
      for (const end of [MIB, 9 * MIB, 9 * MIB + 1, 23 * MIB]) digest.prepare('sha-256', end);
      // Another algorithm than the one that was prepared is computed at the end.
      expect(await digest.of('sha-512', SIZE, signal)).toBe(createHash('sha512').update(bytes).digest('hex'));
      expect(await digest.of('sha-256', SIZE, signal)).toBe(sha256(bytes));
      await digest.stop();
    }));

  test('is computed beside: bytes that were read are not read again', async () => {
    // The thread takes its time to begin, so that later changes are tried until one comes after it has read.
    for (let pause = 20; ; pause *= 2) {
      let digested = '';
      await withFile(async (handle) => {
        const digest = fileDigest(handle);
        digest.prepare('sha-256', 16 * MIB);
        await new Promise((resolve) => void setTimeout(resolve, pause));
        await handle.write(Buffer.alloc(1), 0, 1, 0);
        digested = await digest.of('sha-256', SIZE, signal);
        await digest.stop();
      });
      if (digested === sha256(bytes)) return;
      expect(pause).toBeLessThan(8_000);
    }
  });

  test('begins again if bytes are written that it has read', () =>
    withFile(async (handle) => {
      const digest = fileDigest(handle);
      digest.prepare('sha-256', 16 * MIB);
      digest.noteWrite(5);
      const changed = Buffer.from(bytes);
      changed.write('other', 5);
      await handle.write('other', 5);
      digest.prepare('sha-256', 20 * MIB);
      expect(await digest.of('sha-256', SIZE, signal)).toBe(sha256(changed));
      await digest.stop();
    }));

  test('of bytes that are not there is none, and an abort ends it', () =>
    withFile(async (handle) => {
      const digest = fileDigest(handle);
      digest.prepare('sha-256', 16 * MIB);
      await expect(digest.of('sha-256', SIZE + 1, signal)).rejects.toThrow('shorter');
      const abort = new AbortController();
      digest.prepare('sha-256', 17 * MIB);
      const running = digest.of('sha-256', SIZE, abort.signal);
      abort.abort(new Error('enough'));
      await expect(running).rejects.toThrow('enough');
      await digest.stop();
    }));
});
