import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { killAll, run, startServer } from '../commands.ts';
import { startCorrupting, type CorruptingProxy } from './corrupting-proxy.ts';

const SIZE = 9 * 1024 * 1024 + 12_345;

let folder: string;
let bytes: Buffer;
let gateway: string;
let proxy: CorruptingProxy | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-get-pieces-'));
  bytes = randomBytes(SIZE);
  await mkdir(join(folder, 'served'));
  await writeFile(join(folder, 'served/a.bin'), bytes);
  await run(['index', '--dir', 'served'], { cwd: folder });
  ({ url: gateway } = await startServer(['serve', '--dir', 'served', '--pieces', '--port', '0'], { cwd: folder }));
});
afterEach(() => proxy?.close());
afterAll(async () => {
  killAll();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

async function startHere(positions: readonly number[], times: number): Promise<CorruptingProxy> {
  proxy = await startCorrupting(gateway, '/a.bin', positions, times);
  return proxy;
}

describe('get of a file with a piece index', () => {
  test('fetches the pieces with wrong bytes again, and no others', async () => {
    const { url, sent } = await startHere([3, 4_500_000, SIZE - 1], 1);
    const { code, err } = await run(['get', `${url}/a.bin`, '-o', 'healed.bin'], { cwd: folder });
    expect({ code, err }).toMatchObject({ code: 0, err: expect.stringContaining('verified') });
    expect((await readFile(join(folder, 'healed.bin'))).equals(bytes)).toBe(true);
    // Three pieces more, and what a closed connection has brought beyond its part.
    expect(sent()).toBeLessThan(SIZE + 6 * 1024 * 1024);
  });

  test('tells how many bytes are verified while it runs', async () => {
    const args = ['get', `${gateway}/a.bin`, '-o', 'told.bin', '--json', '--limit-rate', '3MiB'];
    const { out } = await run(args, { cwd: folder });
    const verified = Array.from(out.matchAll(/"verified":(\d+)/g), ([, digits]) => Number(digits));
    expect(verified.some((one) => one > 0 && one < SIZE && one % (1024 * 1024) === 0)).toBe(true);
  });

  test('ends with 4, and without a file, if the bytes stay wrong', async () => {
    const { url } = await startHere([4_500_000], Number.POSITIVE_INFINITY);
    const { code } = await run(['get', `${url}/a.bin`, '-o', 'wrong.bin'], { cwd: folder });
    expect([code, existsSync(join(folder, 'wrong.bin'))]).toEqual([4, false]);
  });
});
