import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run } from '../cli/commands.ts';
import { workFolder } from '../faults/programs.ts';
import { bytesOf, deploy } from './distribution.ts';
import { hasS3 } from './server.ts';

/** Over 4.5 MB, so that the function redirects to the distribution's own cache of objects. */
const SIZE = 8 * 1024 * 1024;

describe.skipIf(!hasS3)('a large object behind the stand-in for CloudFront', () => {
  test('is a hit for check after warm', { timeout: 120_000 }, async () => {
    using folder = workFolder();
    const deployment = await deploy({ isVersioned: true });
    try {
      await deployment.put('big.bin', bytesOf(7, SIZE));
      const options = { cwd: folder.path };
      await writeFile(join(folder.path, 'keys.txt'), 'big.bin\n');
      const warm = ['warm', '--input-file', 'keys.txt', '--url', deployment.url, '--read', 'whole'];
      expect(await run(warm, options)).toMatchObject({ code: 0 });
      const { out, code } = await run(['check', `${deployment.url}/big.bin`, '--json', '--timeout', '60s'], options);
      const report: { checks: { name: string; level: string; seen: string }[] } = JSON.parse(out);
      const verdicts = Object.fromEntries(report.checks.map(({ name, level, seen }) => [name, `${level} ${seen}`]));
      expect(verdicts).toMatchObject({
        cache: expect.stringMatching(/^ok a hit.*Hit from cloudfront/),
        // The function answers a short range itself. The stand-in stores no part of an object.
        'cached-range': expect.stringMatching(/^warning no hit/),
        'if-range-old': expect.stringMatching(/^ok 200/),
        range: expect.stringMatching(/^ok 206/),
      });
      expect(code).toBe(0);
    } finally {
      await deployment.stop();
    }
  });
});
