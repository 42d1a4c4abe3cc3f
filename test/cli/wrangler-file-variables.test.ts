import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { readWranglerFile } from '../../src/cli/wrangler-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'rangeway-wrangler-file-'));
const file = join(folder, 'wrangler.toml');
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => void delete process.env['CLOUDFLARE_ENV']);

async function read(text: string, env?: string) {
  writeFileSync(file, `name = "x"\n${text}\n`);
  return readWranglerFile(file, env);
}

test.for<readonly [text: string, message: string]>([
  ['[vars]\nS3_BUCKET = ""', 'S3_BUCKET: takes the name of a bucket'],
  ['[vars]\nS3_PREFIX = "a/"', 'S3_BUCKET: takes the name of a bucket'],
  [
    '[vars]\nS3_BUCKET = "abc"\nS3_ENDPOINT = "https://u:TOP-SECRET@s3.example"',
    'S3_ENDPOINT: takes an address such as',
  ],
  ['[vars]\nS3_BUCKET = "abc"\nS3_PATH_STYLE = "yes"', 'S3_PATH_STYLE: takes true or false, not "yes"'],
])('variables that the Worker over S3 would refuse are refused: %s', async ([text, message]) => {
  const error: unknown = await read(text).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: 'UsageError', message: expect.stringContaining(`${file}: ${message}`) });
  expect(String(error)).not.toContain('TOP-SECRET');
});

test.for([
  '[vars]\nS3_BUCKET = "abc"\nS3_ENDPOINT = ""\nS3_PATH_STYLE = true',
  '[vars]\nS3_BUCKET = "abc"\nS3_ENDPOINT = "https://s3.example/storage/v1/s3"\nS3_PATH_STYLE = "false"',
])('variables that it takes are taken: %s', async (text) => {
  await expect(read(text)).resolves.toBeDefined();
});

const ENVIRONMENTS = '[vars.RANGEWAY]\nindex = "a"\n[env.s3.vars.RANGEWAY]\nindex = "b"';

test('the environment is that of the option, else of CLOUDFLARE_ENV, as in wrangler', async () => {
  const indexOf = async (env?: string) => (await read(ENVIRONMENTS, env)).source.input;
  expect(await indexOf()).toEqual({ index: 'a' });
  expect(await indexOf('s3')).toEqual({ index: 'b' });
  process.env['CLOUDFLARE_ENV'] = 's3';
  expect(await indexOf()).toEqual({ index: 'b' });
  process.env['CLOUDFLARE_ENV'] = 'other';
  expect(await indexOf('s3')).toEqual({ index: 'b' });
});

test('an environment that is not in the file is refused, and the file for S3 is named', async () => {
  await expect(read(ENVIRONMENTS, 'r3')).rejects.toThrow('No environment found in configuration with name "r3"');
  await expect(read('', 'r3')).rejects.toThrow(/there is no environment "r3", it has none$/);
  await expect(read('', 's3')).rejects.toThrow('it has none; the Worker over S3 has a file of its own');
});
