import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { buildPieceIndex } from '../../src/digests/build-piece-index.ts';
import { encodePieceIndex, pieceIndexKey } from '../../src/digests/piece-index.ts';
import { createGateway } from '../../src/platform/node/index.ts';
import { nodeHashing } from '../../src/platform/node/piece-hashing.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { memoryStore, type MemoryStore } from '../../src/store/drivers/memory.ts';
import type { ObjectStore } from '../../src/store/object-store.ts';
import { hasPrograms, workFolder } from './programs.ts';

const MiB = 2 ** 20;

async function putIndex(store: MemoryStore, key: string): Promise<void> {
  const built = await buildPieceIndex(store, key, key, nodeHashing);
  if (built.type === 'built') await store.put(await pieceIndexKey(key), await encodePieceIndex(built.index));
}

const children = new Set<ChildProcess>();
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** Starts aria2c with nothing of a user's settings. */
function aria2c(home: string, ...args: readonly string[]) {
  const options = ['--no-conf', '-q', '-k1M', '--file-allocation=none', '--auto-save-interval=1', '-d', home];
  const child = spawn('aria2c', [...options, ...args], {
    stdio: 'ignore',
    env: { PATH: process.env['PATH'], HOME: home },
  });
  children.add(child);
  return child;
}

/** Waits until a condition holds. */
async function until(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; !condition();) {
    if (Date.now() > end) throw new Error('it never came');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const exists = (path: string) => statSync(path, { throwIfNoEntry: false }) !== undefined;

/** Serves a store, and counts the bytes of objects that are sent. */
async function serving(store: ObjectStore, pieces: boolean) {
  let sent = 0;
  const observers = [
    {
      end: ({ bytesSent, size }: { bytesSent: number | null; size?: number | undefined }) =>
        void (sent += size === undefined ? 0 : (bytesSent ?? 0)),
    },
  ];
  const server = await serve(createGateway({ store, pieces, observers }), { port: 0 });
  return { url: server.url, sent: () => sent, [Symbol.asyncDispose]: () => server.stop(1_000) };
}

describe.skipIf(!hasPrograms())('aria2c', () => {
  /** Kills a download on two connections in the middle, changes the end of the object, and continues it. */
  async function resumeAfterChange(withoutDigests: boolean) {
    const memory = memoryStore();
    const bytes = randomBytes(16 * MiB);
    await memory.put('a.bin', bytes);
    const bare: ObjectStore = {
      head: async (key, options) => {
        const found = await memory.head(key, options);
        return found === undefined ? undefined : { ...found, digests: undefined };
      },
      async read(key, options) {
        const result = await memory.read(key, options);
        return result.type === 'open'
          ? { ...result, representation: { ...result.representation, digests: undefined } }
          : result;
      },
    };
    await using gateway = await serving(withoutDigests ? bare : memory, false);
    using folder = workFolder();
    const split = ['-x2', '-s2', '-o', 'a.bin', `${gateway.url}/a.bin`];
    const first = aria2c(folder.path, '--max-overall-download-limit=4M', ...split);
    await until(
      () => exists(join(folder.path, 'a.bin.aria2')) && statSync(join(folder.path, 'a.bin')).blocks * 512 > 6 * MiB,
    );
    first.kill('SIGTERM');
    await once(first, 'exit');
    const changed = bytes.map((byte, i) => (i < 8 * MiB ? byte : byte ^ 0xff));
    await memory.put('a.bin', changed);
    const [code] = await once(aria2c(folder.path, '-c', ...split), 'exit');
    return { code, isRight: readFileSync(join(folder.path, 'a.bin')).equals(changed) };
  }

  test('joins two versions silently if the storage has no digest', async () => {
    expect(await resumeAfterChange(true)).toEqual({ code: 0, isRight: false });
  });

  test('ends with an error by our Digest', async () => {
    const { code, isRight } = await resumeAfterChange(false);
    expect(isRight).toBe(false);
    expect(code).toBeGreaterThan(0);
  });

  test('heals a changed byte by our Metalink, with at most two pieces more', async () => {
    const memory = memoryStore();
    const bytes = randomBytes(12 * MiB + 5);
    await memory.put('a.bin', bytes);
    await putIndex(memory, 'a.bin');
    const flipping = flipOnce(memory, 'a.bin', 5 * MiB + 17);
    await using gateway = await serving(flipping.store, true);
    using folder = workFolder();
    const child = aria2c(folder.path, '--follow-metalink=mem', '-x2', '-s2', `${gateway.url}/a.bin?meta4`);
    expect((await once(child, 'exit'))[0]).toBe(0);
    expect([flipping.count(), readFileSync(join(folder.path, 'a.bin')).equals(bytes)]).toEqual([1, true]);
    await until(() => gateway.sent() >= bytes.length);
    expect(gateway.sent()).toBeLessThanOrEqual(bytes.length + 2 * MiB);
  });
});

/** A store that changes one byte of an object the first time that it is read. */
function flipOnce(store: ObjectStore, key: string, at: number) {
  let count = 0;
  const flipping: ObjectStore = {
    head: store.head,
    async read(name, options) {
      const result = await store.read(name, options);
      if (result.type !== 'open' || name !== key) return result;
      let offset = result.span.start;
      const flip = new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          const bytes = chunk.slice();
          if (count === 0 && offset <= at && at < offset + bytes.length) {
            bytes[at - offset] = (bytes[at - offset] ?? 0) ^ 1;
            count++;
          }
          offset += bytes.length;
          controller.enqueue(bytes);
        },
      });
      return {
        type: 'open',
        representation: result.representation,
        span: result.span,
        body: result.body.pipeThrough(flip),
      };
    },
  };
  return { store: flipping, count: () => count };
}
