import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { BUCKET, startOrigin } from './origin.ts';
import { hasPrograms, programs, runProgram, workFolder } from './programs.ts';
import { longBytes } from './random.ts';
import { makeVersion } from './stored-object.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const SIZE = 24_000_001;

/** `rangeway serve` over a bucket, as a process of its own. */
async function serveBucket(
  endpoint: string,
  port: string,
): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const args = [MAIN, 'serve', '--s3', BUCKET, '--endpoint', endpoint, '--path-style', '--port', port];
  const env = { ...process.env, AWS_ACCESS_KEY_ID: 'faults', AWS_SECRET_ACCESS_KEY: 'faults' };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  for await (const text of child.stderr) {
    said += String(text);
    const url = /(http:\/\/[\d.]+:\d+)\//.exec(said)?.[1];
    if (url !== undefined) return { child, url };
  }
  throw new Error(`the gateway did not start: ${said}`);
}

test.skipIf(!hasPrograms())(
  'a gateway that is killed in the middle costs a client nothing but the break',
  { timeout: 60_000 },
  async () => {
    const bytes = longBytes(SIZE);
    const object = { versions: [makeVersion(bytes, 0, false)], current: 0 };
    const origin = await startOrigin((key) => ({
      object: key === 'file' ? object : undefined,
      fault: () => undefined,
    }));
    using folder = workFolder();
    const path = join(folder.path, 'file');
    const first = await serveBucket(origin.endpoint, '0');
    const [curl, ...options] = programs.curl(`${first.url}/file`, path);
    const cut = runProgram([curl, '--limit-rate', '8M', ...options], folder.path);
    await expect
      .poll(async () => (await stat(path).catch(() => undefined))?.size ?? 0, { timeout: 10_000 })
      .toBeGreaterThan(1_000_000);
    first.child.kill('SIGKILL');
    expect(await cut).not.toBe(0);
    const { size } = await stat(path);
    expect(size).toBeLessThan(SIZE);
    expect(Buffer.compare(await readFile(path), bytes.subarray(0, size))).toBe(0);

    const second = await serveBucket(origin.endpoint, new URL(first.url).port);
    expect(await runProgram([curl, ...options], folder.path)).toBe(0);
    expect(Buffer.compare(await readFile(path), bytes)).toBe(0);
    second.child.kill('SIGTERM');
    await once(second.child, 'exit');
    await origin.stop();
  },
);
