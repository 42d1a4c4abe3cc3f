import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { checkOnWorkers, readWorkerFile } from '../../src/cli/worker-file.ts';
import { parseConfig } from '../../src/platform/checked-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'rangeway-worker-file-'));
const file = join(folder, 'wrangler.toml');
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => void delete process.env['CLOUDFLARE_ENV']);

async function read(text: string, env?: string) {
  writeFileSync(file, `name = "x"\n${text}\n`);
  const worker = await readWorkerFile(file, env);
  checkOnWorkers(file, parseConfig(worker.input), worker);
  return worker;
}

test.for<readonly [text: string, message: string]>([
  ['[vars]\nS3_BUCKET = ""', 'S3_BUCKET: takes the name of a bucket'],
  ['[vars]\nS3_PREFIX = "a/"', 'S3_BUCKET: takes the name of a bucket'],
  [
    '[vars]\nS3_BUCKET = "abc"\nS3_ENDPOINT = "https://u:TOP-SECRET@s3.example"',
    'S3_ENDPOINT: takes an address such as',
  ],
  ['[vars]\nS3_BUCKET = "abc"\nS3_PATH_STYLE = "yes"', 'S3_PATH_STYLE: takes true or false, not "yes"'],
  [
    '[[vars.RANGEWAY.mounts]]\nstore = { type = "r2", binding = "MUSIC" }',
    'mounts.0.store.binding: no R2 bucket is bound as MUSIC; it binds none',
  ],
  [
    '[[r2_buckets]]\nbinding = "B"\nbucket_name = "abc"\n[[vars.RANGEWAY.mounts]]\nfallback = { type = "r2", binding = "MUSIC" }',
    'mounts.0.fallback.binding: no R2 bucket is bound as MUSIC; it binds B',
  ],
])('what the Worker would refuse at its start is refused: %s', async ([text, message]) => {
  const error: unknown = await read(text).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: 'UsageError', message: expect.stringContaining(`${file}: ${message}`) });
  expect(String(error)).not.toContain('TOP-SECRET');
});

test.for([
  '[vars]\nS3_BUCKET = "abc"\nS3_ENDPOINT = ""\nS3_PATH_STYLE = true',
  '[vars]\nS3_BUCKET = "abc"\nS3_ENDPOINT = "https://s3.example/storage/v1/s3"\nS3_PATH_STYLE = "false"',
  '[[r2_buckets]]\nbinding = "B"\nbucket_name = "abc"\n[[vars.RANGEWAY.mounts]]\nstore = { type = "r2", binding = "B" }',
])('what the Worker takes is taken: %s', async (text) => {
  await expect(read(text)).resolves.toBeDefined();
});

const ENVIRONMENTS = '[vars.RANGEWAY]\nindex = "a"\n[env.s3.vars.RANGEWAY]\nindex = "b"';

test('the environment is that of the option, else of CLOUDFLARE_ENV, as in wrangler', async () => {
  expect((await read(ENVIRONMENTS)).input).toEqual({ index: 'a' });
  expect((await read(ENVIRONMENTS, 's3')).input).toEqual({ index: 'b' });
  process.env['CLOUDFLARE_ENV'] = 's3';
  expect((await read(ENVIRONMENTS)).input).toEqual({ index: 'b' });
  process.env['CLOUDFLARE_ENV'] = 'other';
  expect((await read(ENVIRONMENTS, 's3')).input).toEqual({ index: 'b' });
});

test('an environment that is not in the file is refused, and the file for S3 is named', async () => {
  await expect(read(ENVIRONMENTS, 'r3')).rejects.toThrow('No environment found in configuration with name "r3"');
  await expect(read('', 'r3')).rejects.toThrow(/there is no environment "r3", it has none$/);
  await expect(read('', 's3')).rejects.toThrow('it has none; the Worker over S3 has a file of its own');
});

test('the secrets that the file requires count as set', async () => {
  const { variables } = await read('[vars]\nA = "a"\n[secrets]\nrequired = ["B"]');
  expect([...variables]).toEqual(['A', 'B']);
});
