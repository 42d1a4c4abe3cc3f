import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, expect, test } from 'vitest';
import { createGateway, diskCache, withMemoryTier, type NodeServer } from '../../../src/platform/node/index.ts';
import { serve } from '../../../src/platform/node/serve.ts';
import { memoryStore } from '../../../src/store/drivers/memory.ts';
import { equal, pseudoRandom } from '../../contract/bytes.ts';

const MIB = 1024 * 1024;
const SIZE = 4 * MIB + 12_345;
const OBJECTS = 4;
/** The objects differ at each position: one begins a byte after the other. */
const random = pseudoRandom(SIZE + OBJECTS);
const contents = Array.from({ length: OBJECTS }, (_, i) => random.subarray(i, i + SIZE));

const folder = await mkdtemp(join(tmpdir(), 'rangeway-node-disk-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

let server: NodeServer | undefined;
afterEach(() => server?.stop(100));

/** A gateway with all objects in its cache on disk. */
async function start(name: string, memory: number) {
  const store = memoryStore();
  for (const [i, content] of contents.entries()) await store.put(`${i}`, content);
  const disk = diskCache({ folder: join(folder, name), maxBytes: 64 * MIB });
  const cache = memory === 0 ? disk : withMemoryTier(disk, { maxBytes: memory });
  const observers = [{ end: () => undefined }];
  server = await serve(createGateway({ store, cache, blocks: { ttl: 600_000 }, observers }), { port: 0 });
  const whole = async (i: number) => {
    const response = await fetch(`${server?.url}/${i}`);
    const bytes = await response.bytes();
    expect(equal(bytes, contents[i] ?? bytes.subarray(1))).toBe(true);
    return response.headers.get('Cache-Status');
  };
  for (let i = 0; i < OBJECTS; i++) await whole(i);
  await expect.poll(() => disk.bytes).toBeGreaterThan(OBJECTS * SIZE);
  return { whole, port: Number(new URL(server.url).port), disk: join(folder, name) };
}

/**
 * Reads a response over a plain socket, with a pause in ms after each chunk; disconnects after `most` bytes.
 *
 * @returns the bytes of the body
 */
function readSlowly(port: number, key: number, pause: number, most: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const pieces: Buffer[] = [];
    let length = 0;
    const end = () => {
      const all = Buffer.concat(pieces);
      resolve(all.subarray(all.indexOf('\r\n\r\n') + 4));
    };
    socket.on('data', (piece) => {
      pieces.push(piece);
      length += piece.length;
      socket.pause();
      if (length >= most) socket.destroy();
      else setTimeout(() => socket.resume(), pause);
    });
    socket.on('close', end);
    socket.on('error', reject);
    socket.write(`GET /${key} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  });
}

test.for([0, 3 * MIB])(
  'clients at all speeds, and those that disconnect, get the bytes of their object; with a memory tier of %i bytes',
  async (memory) => {
    const { whole, port } = await start(`speeds-${memory}`, memory);
    const slow = Array.from({ length: 16 }, async (_, i) => {
      const key = i % OBJECTS;
      const bytes = await readSlowly(port, key, i % 3, i % 2 === 0 ? 2 * SIZE : (i + 1) * 150_000);
      expect(equal(bytes, contents[key]?.subarray(0, bytes.length) ?? bytes.subarray(1))).toBe(true);
      if (i % 2 === 0) expect(bytes.length).toBe(SIZE);
    });
    const fast = Array.from({ length: 12 }, (_, i) => whole(i % OBJECTS));
    // On a busy machine the cache may time out for one of them, which then reads the storage.
    expect((await Promise.all(fast)).filter((status) => status?.includes('; hit; ') === true)).not.toEqual([]);
    await Promise.all(slow);
  },
);

test('no client gets a wrong byte from files that are damaged, truncated and removed while they are served', async () => {
  const { whole, disk } = await start('damaged', 0);
  const done = new AbortController();
  const damaging = (async () => {
    for (let round = 0; !done.signal.aborted; round++) {
      const entries = await readdir(disk, { recursive: true, withFileTypes: true });
      const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
      const path = paths[(round * 7) % paths.length];
      if (path !== undefined) await damage(path, round).catch(() => undefined);
      await sleep(1);
    }
  })();
  for (let round = 0; round < 12; round++) await Promise.all([0, 1, 2, 3].map((i) => whole(i)));
  done.abort();
  await damaging;
});

async function damage(path: string, round: number): Promise<void> {
  if (round % 3 === 0) return rm(path);
  const handle = await open(path, 'r+');
  try {
    if (round % 3 === 1) await handle.truncate(700_000);
    else await handle.write(Buffer.alloc(3, round), 0, 3, (round * 99_991) % MIB);
  } finally {
    await handle.close();
  }
}
