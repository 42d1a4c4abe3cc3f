import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OBJECT_PATH } from '../../src/platform/lambda/cdn-links.ts';
import { share } from '../campaigns/share.ts';
import { hasPrograms, runProgram, workFolder } from '../faults/programs.ts';
import { bytesOf, deploy } from './distribution.ts';
import { hasS3 } from './server.ts';

/** Bytes of a download: a GiB in a complete campaign. */
const SIZE = share(1024) * 1024 * 1024;

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

describe.skipIf(!hasS3 || !hasPrograms()).each(['curl', 'aria2c'] as const)('%s downloads through the CDN', (name) => {
  const large = bytesOf(13, SIZE);
  const digest = createHash('sha256').update(large).digest('hex');
  let deployment: Awaited<ReturnType<typeof deploy>>;
  beforeAll(async () => {
    deployment = await deploy({ isVersioned: true });
    await deployment.put('big.bin', large);
  }, 300_000);
  afterAll(() => deployment.stop());

  /** Runs the client until it says that it has the file: curl ends when a connection breaks. */
  async function download(path: string): Promise<void> {
    const url = `${deployment.url}/big.bin`;
    const args =
      name === 'curl'
        ? ['-sSfL', '-C', '-', '-o', path, url]
        : [
            '--no-conf',
            '-q',
            '-x8',
            '-s8',
            '-k1M',
            '--max-tries=0',
            '--file-allocation=none',
            '-c',
            '-d',
            join(path, '..'),
            '-o',
            'file',
            url,
          ];
    for (let run = 0; run < 12; run++) if ((await runProgram([name, ...args], join(path, '..'))) === 0) return;
    expect.fail(`${name} gives up`);
  }

  /** Bytes of the object that a download has moved: from the function, from the bucket, and from the cache. */
  function moved() {
    const bodies = deployment.served.splice(0);
    const objects = bodies.filter(({ path }) => path.startsWith(OBJECT_PATH));
    const sum = (list: typeof bodies, of: (one: (typeof bodies)[number]) => number) =>
      list.reduce((all, one) => all + of(one), 0);
    return {
      function: sum(
        bodies.filter((one) => !objects.includes(one)),
        (one) => one.bytesFromCache + one.bytesFromOrigin,
      ),
      bucket: sum(objects, (one) => one.bytesFromOrigin),
      cache: sum(objects, (one) => one.bytesFromCache),
      statuses: new Set(objects.map(({ status }) => status)),
    };
  }

  test('broken and resumed, then again from its cache', { timeout: 600_000 }, async () => {
    using folder = workFolder();
    deployment.cuts.push(SIZE / 4, SIZE / 8, 100_000);
    const path = join(folder.path, 'file');
    await download(path);
    expect(await hashOf(path)).toBe(digest);
    const cold = moved();
    expect(deployment.cuts).toEqual([]);
    // Nothing of the object came through the function. A client that was cut asks for some bytes again.
    expect(cold.function).toBe(0);
    expect(cold.bucket).toBeGreaterThanOrEqual(SIZE);
    expect(cold.statuses.has(206)).toBe(true);
    using again = workFolder();
    await download(join(again.path, 'file'));
    expect(await hashOf(join(again.path, 'file'))).toBe(digest);
    const warm = moved();
    expect(warm).toMatchObject({ function: 0, bucket: 0 });
    // aria2 closes a connection that reaches the next one, and what was on its way is lost.
    expect(warm.cache).toBeGreaterThanOrEqual(SIZE);
  });
});
