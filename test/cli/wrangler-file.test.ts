import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { config } from '../../src/cli/config.ts';

const SECRET = 'do-not-show-this-0123456789abcdefghij';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-wrangler-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Checks a file, and returns the message, with the name of the file alone in place of its path. */
async function check(name: string, text: string, args: readonly string[] = []): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    const error: unknown = await config(['check', file, ...args]).then(
      () => 'it is accepted',
      (reason: unknown) => reason,
    );
    if (!(error instanceof Error)) return String(error);
    expect(error.message).not.toContain(SECRET.slice(0, 10));
    return error.message.replaceAll(file, name);
  } finally {
    written.mockRestore();
  }
}

const STRICT = ['--for', 'workers'];
const R2 = 'name = "x"\nmain = "node_modules/rangeway/src/platform/workers/worker.ts"\n';
const S3 = 'name = "x"\nmain = "node_modules/rangeway/src/platform/workers/worker-s3.ts"\n';

/** TOML with a mark before the mistake, options, and the message. */
const toml: readonly (readonly [text: string, args: readonly string[], message: string])[] = [
  [`name = "x"\n[vars]\nA = "${SECRET}»\n`, [], 'it is not TOML: '],
  [`name = "x"\n[vars]\nA = "${SECRET}"\n»A = "b"\n`, [], 'it is not TOML: '],
  ['name = »5\n', [], 'Processing'],
  [`name = "x"\nvars = »"${SECRET}"\n`, [], 'Processing'],
  ['name = "x"\n[vars.RANGEWAY]\n»indexx = "a"\n', [], 'indexx: no such field; did you mean index? there are'],
  ['name = "x"\n[vars.RANGEWAY]\nindex = »5\n', [], 'index: takes a file name'],
  ['name = "x"\n[vars.RANGEWAY.cors]\norigins = [\n  "https://a.example",\n  »"b"\n]\n', [], 'cors.origins.1: takes'],
  ['name = "x"\n[vars.RANGEWAY]\ncors.origins = [»"b"]\n', [], 'cors.origins.0: takes origins'],
  ['name = "x"\n[vars]\nRANGEWAY = { index = »5 }\n', [], 'index: takes a file name'],
  ['name = "x"\n[vars]\nRANGEWAY = »\'{ "index": "a" }\'\n', [], 'RANGEWAY: takes a table, [vars.RANGEWAY], and not'],
  ['name = "x"\n[vars]\nRANGEWAY = »[]\n', [], 'they take a table of fields'],
  [
    'name = "x"\n[[vars.RANGEWAY.mounts]]\n[[vars.RANGEWAY.mounts]]\npath = "/r"\nstore = { type = »"ftp" }\n',
    [],
    'in the mount at /r: mounts.1.store.type: takes a table whose type',
  ],
  [
    'name = "x"\n[[vars.RANGEWAY.mounts]]\npath = "/r"\n»[vars.RANGEWAY.mounts.store]\ntype = "s3"\n',
    [],
    'in the mount at /r: mounts.0.store.bucket: is missing; takes the name of a bucket',
  ],
  [
    'name = "x"\n[[vars.RANGEWAY.mounts]]\n»[[vars.RANGEWAY.mounts]]\n',
    [],
    'in the mount at /: mounts.1: is at /, as mounts.0 is',
  ],
  ['name = "x"\n[vars.RANGEWAY]\ncacheControl = »"maxage=60"\n', [], 'cacheControl: takes max-age in place of maxage'],
  ['name = "x"\n[vars.RANGEWAY]\ncache = { type = »"memory" }\n', [], 'cache.type: workers has "workers" and "tiered"'],
  [
    `name = "x"\n[vars]\nKEYS = "k1:${SECRET.slice(0, 12)}"\n[vars.RANGEWAY]\naccess = { type = "signed", keys = »"KEYS" }\n`,
    [],
    'access.keys: key k1 for links takes 32 to 64 bytes',
  ],
  [
    'name = "x"\n[vars.RANGEWAY]\naccess = { type = "signed", keys = »"KEYS" }\n',
    STRICT,
    'access.keys: KEYS is to hold a secret, and is not set; wrangler secret put it, and list it as required',
  ],
  ['name = "x"\n[env.s3.vars.RANGEWAY]\nindex = »5\n', ['--env', 's3'], 'index: takes a file name'],
  [`${R2}»[vars.RANGEWAY]\nindex = "a"\n`, [], 'store: wrangler.toml has to bind an R2 bucket as BUCKET'],
  [
    `${R2}[[r2_buckets]]\nbinding = "FILES"\nbucket_name = "files"\n[[vars.RANGEWAY.mounts]]\nstore = { type = "r2", binding = »"FILE" }\n`,
    [],
    'in the mount at /: mounts.0.store.binding: wrangler.toml has to bind an R2 bucket as FILE',
  ],
  [
    `${R2}[[vars.RANGEWAY.mounts]]\nstore = { type = »"s3", bucket = "files" }\n`,
    [],
    'in the mount at /: mounts.0.store.type: this platform knows no "s3"',
  ],
  [
    'name = "x"\n[vars.RANGEWAY]\nmetrics = »"analytics-engine"\n',
    [],
    'metrics: wrangler.toml has to bind a dataset as METRICS, with [[analytics_engine_datasets]]',
  ],
  [`${S3}»[vars.RANGEWAY]\nindex = "a"\n`, STRICT, 'store: is missing; the Worker needs a store here, or S3_BUCKET'],
];

describe('a mistake in a wrangler.toml has its line and column', () => {
  test.for(toml)('%j %j', async ([marked, args, message]) => {
    const before = marked.slice(0, marked.indexOf('»')).split('\n');
    const place = `wrangler.toml:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
    expect(await check('wrangler.toml', marked.replace('»', ''), args)).toContain(`${place}: ${message}`);
  });

  test('in wrangler.jsonc, with comments, as well', async () => {
    const text = '{\n  // the Worker\n  "name": "x",\n  "vars": { "RANGEWAY": { "index": 5 } },\n}\n';
    expect(await check('wrangler.jsonc', text)).toContain('wrangler.jsonc:4:36: index: takes a file name');
    expect(await check('wrangler.json', '{ "name": "x",\n"vars": { "A" 1 } }')).toContain('wrangler.json:2:15: ');
  });
});

test('a wrangler.toml without a mistake is accepted', async () => {
  const bound = `${R2}[[r2_buckets]]\nbinding = "FILES"\nbucket_name = "files"\n`;
  const dataset = '[[analytics_engine_datasets]]\nbinding = "METRICS"\n[vars.RANGEWAY]\nmetrics = "analytics-engine"\n';
  expect(await check('wrangler.toml', `name = "x"\n${dataset}`)).toBe('it is accepted');
  const mounts = '[[vars.RANGEWAY.mounts]]\nstore = { type = "r2", binding = "FILES" }\naccess = { type = "signed" }\n';
  expect(await check('wrangler.toml', bound + mounts)).toBe('it is accepted');
  expect(await check('wrangler.toml', `${bound}[secrets]\nrequired = ["RANGEWAY_KEYS"]\n${mounts}`, STRICT)).toBe(
    'it is accepted',
  );
});
