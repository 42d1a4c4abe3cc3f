import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commandProcess } from './command-process.ts';
import { scriptedServer } from '../s3/scripted-server.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

const commands = commandProcess();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-config-'));
});
afterAll(async () => {
  await commands.stop();
  await rm(folder, { recursive: true });
});

/** Runs `config check` in a new folder with the file in it. */
async function check(
  name: string,
  text: string,
  args: readonly string[] = [name],
  variables: Readonly<Record<string, string>> = {},
) {
  const cwd = await mkdtemp(join(folder, 'run-'));
  await writeFile(join(cwd, name), text);
  const { AWS_ACCESS_KEY_ID: _k, AWS_PROFILE: _p, ...others } = process.env;
  const env = { ...others, SECRET_KEYS: 'k1:TOP-SECRET', RANGEWAY_KEYS: undefined, ...variables };
  // A storage that is asked is asked by a process of its own, which leaves no connection behind.
  if (Object.keys(variables).length === 0) return commands.run(['config', 'check', ...args], cwd, env);
  return new Promise<{ readonly code: number; readonly out: string; readonly err: string }>((resolve) => {
    execFile(process.execPath, [MAIN, 'config', 'check', ...args], { cwd, env }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err });
    });
  });
}

const json = JSON.stringify({
  cacheControl: 'public, max-age=60',
  mounts: [
    { index: 'index.html' },
    {
      path: '/r',
      host: 'files.example',
      store: { type: 's3', bucket: 'releases' },
      fallback: { type: 's3', bucket: 'releases-2', region: 'eu-central-1' },
      access: {
        type: 'anyOf',
        rules: [
          { type: 'signed', keys: 'SECRET_KEYS' },
          { type: 'basic', users: 'NOT_SET' },
          {
            type: 'jwt',
            key: { type: 'jwks', url: 'https://issuer.example/keys?key=TOP-SECRET' },
            issuer: 'https://issuer.example/',
            audience: 'files',
          },
        ],
      },
    },
  ],
});

test('JSON: prints a block for each mount, with all defaults, and the names of secrets', async () => {
  const { code, out, err } = await check('gateway.json', json);
  expect([code, err]).toEqual([0, '']);
  expect(out).not.toContain('TOP-SECRET');
  const lines = out.split('\n');
  for (const line of [
    'gateway.json: 2 mounts',
    'limits.idleTimeout = 60000',
    'cache = none',
    'logged = requests',
    'trustedProxies = 0',
    'mount 0: */',
    '  store = of the platform',
    '  access = public',
    '  cacheControl = public, max-age=60',
    '  index = index.html',
    '  ranges.maxRanges = 1000',
    '  blocks.size = of the platform',
    'mount 1: files.example/r',
    '  store.bucket = releases',
    '  fallback.region = eu-central-1',
    '  cacheControl = private, max-age=60',
    '  access.type = anyOf',
    '  access.rules.0.keys = SECRET_KEYS (set)',
    '  access.rules.1.users = NOT_SET (not set here)',
    '  access.rules.2.key.url = https://issuer.example/keys?…',
  ])
    expect(lines).toContain(line);
});

test('prints CORS, header fields and hidden names as they take effect', async () => {
  const config = {
    headers: { 'Content-Security-Policy': 'sandbox' },
    cors: { headers: ['X-Foo'] },
    mounts: [
      { access: { type: 'ip', blocks: ['10.0.0.0/8'] }, store: { type: 'dir', path: '/srv/\u202eb\n' } },
      { path: '/b', cors: { origins: ['https://a.example'] }, store: { type: 'dir', path: '/c', hidden: true } },
      { path: '/c', headers: {} },
    ],
  };
  const { code, out } = await check('gateway.json', JSON.stringify(config));
  expect(code).toBe(0);
  const [, ...mounts] = out.split(/^mount \d: .*\n/m).map((block) => block.split('\n'));
  for (const [i, lines] of [
    [
      '  cors.origins = []',
      '  cors.headers = ["X-Foo"]',
      '  headers.Content-Security-Policy = sandbox',
      '  store.hidden = false',
      String.raw`  store.path = /srv/\u202eb\n`,
    ],
    ['  cors.origins = ["https://a.example"]', '  store.hidden = true'],
    ['  cors.origins = *'],
  ].entries())
    for (const line of lines) expect(mounts[i]).toContain(line);
  expect(mounts[2]?.join()).not.toContain('sandbox');
});

describe('wrangler.toml', () => {
  const toml = `name = "x"
main = "x.ts"
[vars]
SECRET_KEYS = "k1:${'TOP-SECRET'.repeat(5)}xx"
[vars.RANGEWAY]
index = "index.html"
access = { type = "signed", keys = "SECRET_KEYS" }
[[vars.RANGEWAY.mounts]]
[[vars.RANGEWAY.mounts]]
path = "/open"
access = "public"
[env.s3.vars.RANGEWAY]
index = "s3.html"
access = { type = "signed" }
`;
  test.for<readonly [args: readonly string[], lines: readonly string[]]>([
    [[], ['  index = index.html', '  access.keys = SECRET_KEYS (set)', 'mount 1: */open', '  access = public']],
    [['wrangler.toml'], ['wrangler.toml: 2 mounts']],
    [
      ['--env', 's3'],
      ['  index = s3.html', '  access.keys = RANGEWAY_KEYS (not set here)', 'wrangler.toml: 1 mount'],
    ],
  ])('%j', async ([args, lines]) => {
    const { code, out, err } = await check('wrangler.toml', toml, args);
    expect([code, err]).toEqual([0, '']);
    expect(out).not.toContain('TOP-SECRET');
    for (const line of lines) expect(out.split('\n')).toContain(line);
  });

  test('with more parallel reads than the connections of a Worker', async () => {
    const { code, err } = await check('wrangler.toml', 'name = "x"\n[vars.RANGEWAY]\nparallelReads = 5\n');
    expect([code, err]).toEqual([
      2,
      expect.stringContaining(
        'wrangler.toml:3:17: parallelReads: takes 4 connections at the most on this platform, not 5',
      ),
    ]);
    const node = await check('gateway.json', '{ "parallelReads": 5 }');
    expect([node.code, node.err]).toEqual([0, '']);
    expect(node.out).toContain('  parallelReads.connections = 5\n  parallelReads.partSize = 8388608\n');
  });

  test('quiet prints mistakes only', async () => {
    const quiet = await check('wrangler.toml', toml, ['--quiet']);
    expect(quiet).toEqual({ code: 0, out: '', err: '' });
    const wrong = await check('wrangler.toml', 'name = "x"\n[vars.RANGEWAY]\nindexx = "a"\n', ['--quiet']);
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('indexx: no such field')]);
  });

  test('with a mistake in its table', async () => {
    const { code, out, err } = await check('wrangler.toml', 'name = "x"\n[vars.RANGEWAY]\nindexx = "a"\n');
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^rangeway: wrangler\.toml:3:1: indexx: no such field; did you mean index\? there are/);
  });
});

describe('an invalid configuration exits with 2', () => {
  test.for<readonly [text: string, args: readonly string[] | undefined, message: RegExp]>([
    [
      '{"mounts":[{"index":1},{"path":"a","acces":"public"}],"trustedProxies":"x"}',
      undefined,
      /^rangeway: f\.json: 4 mistakes:\n.*:21: .*mounts\.0\.index: .*\n.*:32: mounts\.1\.path: .*\n.*:36: mounts\.1\.acces: .*access\?.*\n.*:72: trustedProxies: /,
    ],
    [
      '{"mounts":[{},{}]}',
      undefined,
      /^rangeway: f\.json:1:15: in the mount at \/: mounts\.1: is at \/, as mounts\.0 is/,
    ],
    ['{"access":{"type":"signed","keys":"k1:TOP-SECRET"}}', undefined, /access\.keys: takes the name of a variable/],
    ['{"mounts":[{"store":{"type":"s3","bucket":"abc","endpoint":"https://u:TOP-SECRET@x"}}]}', undefined, /endpoint/],
    ['{"a": TOP-SECRET}', undefined, /^rangeway: f\.json:1:7: it is not JSON: /],
    [
      '{}',
      [],
      /config check takes a file: JSON as for serve --config, or a wrangler\.toml, of which there is none here/,
    ],
    ['{}', ['none.json'], /none\.json: there is no such file/],
    ['{}', ['f.json', 'g.json'], /config check takes one file, not "g\.json" as well/],
    [
      '{"mounts":[{"store":{"type":"s3","bucket":"files--use1-az4--x-s3","reads":"presigned"}}]}',
      undefined,
      /^rangeway: f\.json:1:\d+: .*store\.reads: files--use1-az4--x-s3 can't be read by addresses .* set reads to "commands"/,
    ],
    ['{}', ['f.json', '--env', 's3'], /--env goes with a wrangler\.toml/],
    ['{}', ['f.json', '--x'], /--x is not an option of config; there are --for, --env/],
  ])('%s %j', async ([text, args, message]) => {
    const { code, out, err } = await check('f.json', text, args);
    expect([code, out, err]).toEqual([2, '', expect.stringMatching(message)]);
    expect(err).not.toContain('TOP-SECRET');
  });
});

describe('each S3 store is read once', () => {
  const over = (endpoint: string) =>
    JSON.stringify({ mounts: [{ store: { type: 's3', bucket: 'releases', endpoint, region: 'r', pathStyle: true } }] });
  const keys = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' };

  test.each([
    [404, 'NoSuchKey', 0, 'storage s3://releases: readable\n', ''],
    [403, 'SignatureDoesNotMatch', 2, 'check AWS_SECRET_ACCESS_KEY', "s3://releases can't be read: "],
    [404, 'NoSuchBucket', 2, 'there is no such bucket', "s3://releases can't be read: "],
  ])('%i %s: exit %i', async (status, name, code, told, error) => {
    using s3 = await scriptedServer((_, res) => void res.writeHead(status).end(`<Error><Code>${name}</Code></Error>`));
    const result = await check('gateway.json', over(s3.endpoint), ['gateway.json'], keys);
    expect(result.code).toBe(code);
    expect(result.out).toContain(told);
    expect(result.err).toContain(error);
    expect(s3.asked).toHaveLength(1);
    expect(result.out + result.err).not.toContain('X-Amz-Signature');
  });

  test('an unreachable storage is reported, and the check still exits with 0', async () => {
    const result = await check('gateway.json', over('http://127.0.0.1:9'), ['gateway.json'], keys);
    expect([result.code, result.err]).toEqual([0, '']);
    expect(result.out).toContain('nothing listens at the endpoint');
  });

  test('without credentials, and for a Worker, no request is sent', async () => {
    using s3 = await scriptedServer((_, res) => void res.writeHead(404).end());
    const result = await check('gateway.json', over(s3.endpoint));
    expect(result.out).toContain('storage s3://releases: not asked, since neither AWS_ACCESS_KEY_ID');
    const toml = `name = "w"\n[[vars.RANGEWAY.mounts]]\nstore = { type = "s3", bucket = "releases", endpoint = "${s3.endpoint}" }\n`;
    const worker = await check('wrangler.toml', toml, ['wrangler.toml'], keys);
    expect(worker.out).toContain("storage s3://releases: not asked, since a Worker's secrets");
    expect(s3.asked).toHaveLength(0);
  });
});
