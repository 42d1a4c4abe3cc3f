import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BUFFERED_LIMIT } from '../../src/platform/lambda/buffered.ts';
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
    const answered = bodies.filter((one) => !objects.includes(one) && one.status < 300);
    return {
      function: sum(answered, (one) => one.bytesFromOrigin),
      largestOfFunction: Math.max(0, ...answered.map((one) => one.bytesFromOrigin)),
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
    // Only ranges that fit into a response of the function came through it: aria2 asks for some at its end. A client
    // that was cut asks for some bytes again.
    if (name === 'curl') expect(cold.function).toBe(0);
    expect(cold.largestOfFunction).toBeLessThanOrEqual(BUFFERED_LIMIT);
    expect(cold.bucket + cold.function).toBeGreaterThanOrEqual(SIZE);
    expect(cold.statuses.has(206)).toBe(true);
    using again = workFolder();
    await download(join(again.path, 'file'));
    expect(await hashOf(join(again.path, 'file'))).toBe(digest);
    const warm = moved();
    // The bucket is asked only for what had come through the function, which is not in the cache.
    expect(warm.bucket).toBeLessThanOrEqual(cold.function);
    // aria2 closes a connection that reaches the next one, and what was on its way is lost.
    expect(warm.cache + warm.bucket + warm.function).toBeGreaterThanOrEqual(SIZE);
  });
});
