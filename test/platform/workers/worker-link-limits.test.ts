import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe } from 'vitest';
import { listFiles } from '../../../src/cli/dev/files.ts';
import { fill } from '../../../src/cli/dev/fill.ts';
import { startWorkerd, type Workerd } from '../../../src/cli/dev/workerd.ts';
import { describeLinkLimits, KEYS_TEXT, LARGE, TOKEN } from '../../contract/link-limits.ts';

let folder: string;
let workerd: Workerd;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-links-'));
  await writeFile(join(folder, 'large.bin'), '');
  await truncate(join(folder, 'large.bin'), LARGE);
  workerd = await startWorkerd({
    config: fileURLToPath(new URL('../../workers/transfers/signed.toml', import.meta.url)),
    host: '127.0.0.1',
    port: 0,
    variables: { ADMIN_TOKEN: TOKEN, RANGEWAY_KEYS: KEYS_TEXT },
  });
  await fill(workerd.bucket, await listFiles(folder), () => undefined);
});
afterAll(async () => {
  await workerd.stop();
  await rm(folder, { recursive: true });
});

describe('workerd with Durable Objects', () => {
  describeLinkLimits(() => workerd.url);
});
