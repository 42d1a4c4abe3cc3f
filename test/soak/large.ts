/**
 * The memory of a download of 100 GiB, through up to eight connections, from `rangeway serve` over a sparse file:
 * `npm run test:large`, or `npm run test:large -- 10` for 10 GiB. Linux. The disk needs no room.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { killAll, startServer } from '../cli/commands.ts';

const GIB = 1024 ** 3;
/** In KiB. */
const MOST_MEMORY = 120 * 1024;

const gib = Number(process.argv[2] ?? '100');
const size = gib * GIB;
const folder = await mkdtemp(join(tmpdir(), 'rangeway-large-'));
try {
  await writeFile(join(folder, 'large.bin'), '');
  await truncate(join(folder, 'large.bin'), size);
  const { url } = await startServer(['serve', '--dir', folder, '--port', '0'], { cwd: folder });
  const path = join(folder, 'copy.bin');
  const start = performance.now();
  // As it is published: Node's own removal of types takes 30 MiB.
  const client = join(folder, 'client.mjs');
  const entryPoints = [join(import.meta.dirname, 'large-client.ts')];
  await build({ entryPoints, bundle: true, format: 'esm', platform: 'node', outfile: client, logLevel: 'silent' });
  const args = [client, `${url}/large.bin`, path, String(size)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (text: Buffer) => (out += text.toString()));
  const [code] = await once(child, 'close');
  const seconds = (performance.now() - start) / 1000;
  const [, received, peak] = /"received":(\d+),"peak":(\d+)/.exec(out) ?? [];
  const again = Number(received) - size;
  const checks = [code === 0, (await stat(path)).size === size, Number(peak) < MOST_MEMORY];
  const failed = checks.filter((holds) => !holds).length;
  console.log(
    `${gib} GiB in ${seconds.toFixed(0)} s: ${Math.round(Number(peak) / 1024)} MiB of resident memory at most, ${again} bytes received again`,
  );
  console.log(`${checks.length - failed} passed, ${failed} failed`);
  process.exitCode = failed;
} finally {
  killAll();
  await rm(folder, { recursive: true, force: true });
}
