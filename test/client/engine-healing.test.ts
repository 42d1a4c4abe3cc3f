import { createHash, randomBytes, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { share } from '../campaigns/share.ts';
import { killAll, run, startServer } from '../cli/commands.ts';
import { startCorrupting, type CorruptingProxy } from '../cli/get/corrupting-proxy.ts';
import { hasPrograms, runProgram } from '../faults/programs.ts';
import { random } from '../faults/random.ts';

const MIB = 1024 * 1024;
/** A GiB with 100 wrong bytes in a complete campaign, else a tenth of both. */
const SIZE = share(1_024) * MIB + 12_345;
const WRONG = share(100);
/** Each wrong byte may cost its piece, of a MiB. */
const MOST_AGAIN = WRONG * MIB;

let folder: string;
let gateway: string;
let digest: string;
let proxy: CorruptingProxy;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-healing-'));
  await mkdir(join(folder, 'served'));
  digest = await writeRandom(join(folder, 'served/a.bin'));
  await run(['index', '--dir', 'served'], { cwd: folder });
  ({ url: gateway } = await startServer(['serve', '--dir', 'served', '--pieces', '--port', '0'], { cwd: folder }));
}, 300_000);
afterEach(() => proxy.close());
afterAll(async () => {
  killAll();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

async function writeRandom(path: string): Promise<string> {
  const hash: Hash = createHash('sha256');
  const handle = await open(path, 'wx');
  for (let left = SIZE; left > 0; left -= 16 * MIB) {
    const bytes = randomBytes(Math.min(left, 16 * MIB));
    hash.update(bytes);
    await handle.write(bytes);
  }
  await handle.close();
  return hash.digest('hex');
}

async function digestOf(name: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(join(folder, name))) hash.update(chunk);
  return hash.digest('hex');
}

/** Puts a proxy between that changes a bit of each of these bytes once. */
async function corrupt(seed: number): Promise<CorruptingProxy & { readonly pieces: number }> {
  const draw = random(seed);
  const positions = Array.from({ length: WRONG }, () => draw.int(0, SIZE - 1));
  proxy = await startCorrupting(gateway, '/a.bin', positions, 1);
  return { ...proxy, pieces: new Set(positions.map((position) => Math.floor(position / MIB))).size };
}

describe(`${WRONG} wrong bytes of ${Math.round(SIZE / MIB)} MiB`, () => {
  test('are healed by get, which fetches their pieces again', { timeout: 600_000 }, async () => {
    const { url, left, sent, pieces } = await corrupt(1);
    const { code, out } = await run(['get', `${url}/a.bin`, '-o', 'get.bin', '--json'], { cwd: folder });
    const [, received] = /"type":"done".*"received":(\d+)/.exec(out) ?? [];
    expect([code, left(), await digestOf('get.bin')]).toEqual([0, 0, digest]);
    console.log(`get: ${WRONG} wrong bytes, ${Number(received) - SIZE} bytes received again, ${sent() - SIZE} sent`);
    // A connection that was split brings the rest of its last chunk, of 512 KiB at the most, for nothing.
    expect(Number(received) - SIZE).toBeLessThanOrEqual((pieces + 1) * MIB);
    await rm(join(folder, 'get.bin'));
  });

  test.skipIf(!hasPrograms())('are healed by aria2 with our Metalink', { timeout: 600_000 }, async () => {
    const { url, left, sent } = await corrupt(2);
    // Each wrong piece is a failed try of the address, and aria2 gives it up after five.
    const options = [
      '--no-conf',
      '-q',
      '--file-allocation=none',
      '--follow-metalink=mem',
      '--max-tries=0',
      '-x2',
      '-s2',
    ];
    expect(await runProgram(['aria2c', ...options, '-d', folder, `${url}/a.bin?meta4`], folder)).toBe(0);
    expect([left(), await digestOf('a.bin')]).toEqual([0, digest]);
    console.log(`aria2: ${WRONG} wrong bytes, ${sent() - SIZE} bytes sent again`);
    // aria2 closes its connection after each wrong piece. Up to two pieces that were on their way count as sent here.
    expect(sent() - SIZE).toBeLessThanOrEqual(3 * MOST_AGAIN);
  });
});
