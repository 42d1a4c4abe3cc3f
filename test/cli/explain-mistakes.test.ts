import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { config } from '../../src/cli/config.ts';

/** Stands for each secret in the files: no message may show it. */
const SECRET = 'do-not-show-this-0123456789abcdefghij';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-places-'));
  vi.stubEnv('WEAK_KEYS', `k1:${SECRET.slice(0, 10)}`);
  vi.stubEnv('USERS', SECRET);
  vi.stubEnv('GOOD_USERS', `amy:${SECRET}`);
  vi.stubEnv('SHORT_TOKEN', SECRET.slice(0, 20));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

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
    expect(error.name).toMatch(/^(?:Usage|Settings)Error$/);
    expect(error.message).not.toContain(SECRET.slice(0, 10));
    return error.message.replaceAll(file, name);
  } finally {
    written.mockRestore();
  }
}

/** Puts `\n  ` before each field, so that each has a line of its own. */
function lines(...fields: readonly string[]): string {
  return `{\n${fields.map((field) => `  ${field}`).join(',\n')}\n}\n`;
}

/** Marks the place of the mistake in a row; it is not in the file. */
const MARK = '»';

/** Settings of the second mount, options, and the message. */
const inMount: readonly (readonly [settings: string, args: readonly string[], message: string])[] = [
  ['"index": »5', [], 'mounts.1.index: takes a file name without slashes'],
  ['»"indx": "a"', [], 'mounts.1.indx: no such field; did you mean index? there are'],
  ['"cors": { »"origin": "*" }', [], 'mounts.1.cors.origin: no such field; did you mean origins?'],
  ['"cors": { "origins": [»"*"] }', [], 'mounts.1.cors.origins.0: takes origins'],
  ['"cors": { "origins": [»"https://A.example"] }', [], 'mounts.1.cors.origins.0: takes origins as browsers send them'],
  ['"cors": { "origins": [»"https://a.example:443"] }', [], 'mounts.1.cors.origins.0: takes origins as browsers'],
  ['"cors": { "origins": [»"https://*.example"] }', [], 'mounts.1.cors.origins.0: takes origins as browsers'],
  ['"store": »{ "type": "s3" }', [], 'mounts.1.store.bucket: is missing; takes the name of a bucket'],
  ['"store": »{}', [], 'mounts.1.store.type: '],
  ['"store": »"files"', [], 'mounts.1.store: takes a table whose type is'],
  ['"store": { "type": "s3", "bucket": "abc", "endpoint": »"https://a:99999" }', [], 'mounts.1.store.endpoint: takes'],
  ['"store": { "type": "s3", "bucket": "abc", "region": »"eu central" }', [], 'mounts.1.store.region: takes a region'],
  ['"prefix": »"a/../b/"', [], 'mounts.1.prefix: takes a text without "." and ".." between slashes'],
  ['"index": »".."', [], 'mounts.1.index: takes a file name'],
  ['"resume": { "idleTimeout": »3000000000 }', [], 'mounts.1.resume.idleTimeout: takes a whole number from 1'],
  ['"cacheControl": »"max-age=1h"', [], 'mounts.1.cacheControl: takes max-age in whole seconds'],
  ['"headers": »{ "Cache-Control": "max-age=1h" }', [], 'mounts.1.headers: takes no Cache-Control, which the'],
  [
    '"access": { "type": "basic", "users": »"USERS" }',
    ['--for', 'node'],
    'mounts.1.access.users: USERS takes name:password',
  ],
  [
    '"access": { "type": "basic", "users": "GOOD_USERS", "realm": »"a\\"b" }',
    ['--for', 'node'],
    'mounts.1.access.realm: ',
  ],
  [
    '"access": { "type": "signed", "keys": »"NOT_SET" }',
    ['--for', 'node'],
    'mounts.1.access.keys: NOT_SET is to hold a',
  ],
  ['"access": »{ "type": "signed" }', ['--for', 'lambda'], 'mounts.1.access.keys: RANGEWAY_KEYS is to hold a secret'],
  ['"access": »{ "type": "signed" }', ['--for', 'workers'], 'mounts.1.access.keys: RANGEWAY_KEYS is to hold a secret'],
  ['"access": { "type": "signed", "keys": »"WEAK_KEYS" }', ['--for', 'node'], 'mounts.1.access.keys: key k1 for links'],
  [
    '"access": { "type": "anyOf", "rules": [{ "type": "ip", "blocks": [] }, { "type": "basic", "users": »"NOT_SET" }] }',
    ['--for', 'node'],
    'mounts.1.access.rules.1.users: NOT_SET is to hold a secret',
  ],
  [
    '"access": { "type": "jwt", "key": { "type": "jwks", "url": »"http://a.example/k" }, "issuer": "i", "audience": "a" }',
    [],
    'mounts.1.access.key.url: jwt takes an https address of keys',
  ],
  [
    '"access": { "type": "jwt", "key": { "type": "jwks", "url": "https://a.example/k" }, "issuer": »[], "audience": "a" }',
    [],
    'mounts.1.access.issuer: jwt takes the issuer of its tokens',
  ],
  [
    '"store": { "type": "dir", "path": »"/no/such" }',
    ['--for', 'node'],
    'mounts.1.store.path: there is no folder "/no/such"',
  ],
  [
    '"fallback": { "type": "dir", "path": »"/etc/hosts" }',
    ['--for', 'node'],
    'mounts.1.fallback.path: "/etc/hosts" is a',
  ],
  ['"store": { "type": »"dir", "path": "/" }', ['--for', 'workers'], 'mounts.1.store.type: workers has "r2" and "s3"'],
  ['"store": { "type": »"r2", "binding": "B" }', ['--for', 'node'], 'mounts.1.store.type: node has "s3" and "dir"'],
  [
    '"store": »{ "type": "s3", "bucket": "abc" }',
    ['--for', 'lambda'],
    'mounts.1.store: on lambda a mount reads the bucket',
  ],
  ['"fallback": { "type": »"dir", "path": "/" }', ['--for', 'lambda'], 'mounts.1.fallback.type: lambda has "s3"'],
  ['"parallelReads": »8', ['--for', 'workers'], 'mounts.1.parallelReads: takes 4 connections at the most'],
];

describe('a mistake in a mount has its file, line, column and mount', () => {
  test.for(inMount)('%s %j', async ([settings, args, message]) => {
    const marked = `{\n  "mounts": [\n    {},\n    { "path": "/r", "host": "a.example", ${settings} }\n  ]\n}\n`;
    const column = (marked.split('\n')[3]?.indexOf(MARK) ?? 0) + 1;
    const said = await check('gateway.json', marked.replace(MARK, ''), args);
    expect(said).toContain(`gateway.json:4:${column}: in the mount at a.example/r: ${message}`);
    expect(said).not.toContain('\n');
  });
});

const elsewhere: readonly (readonly [text: string, args: readonly string[], message: string])[] = [
  ['', [], 'gateway.json:1:1: it is not JSON: the file is empty'],
  ['[]', [], 'gateway.json:1:1: they take a table of fields'],
  ['\ufeff{}', [], 'gateway.json:1:1: it is not JSON: a byte order mark is at its start'],
  [`{\r\n  "a": ${SECRET}\r\n}`, [], 'gateway.json:2:8: it is not JSON: names and texts take double quotes'],
  [
    lines(`"purge": "${SECRET}"\n  "index": "a"`),
    [],
    'gateway.json:3:3: it is not JSON: a comma is missing before this',
  ],
  [lines('"index": "a",'), [], 'gateway.json:3:1: it is not JSON: the comma before this has nothing after it'],
  ['{ "cors": { "origins": ["https://a.example",] } }', [], 'gateway.json:1:45: it is not JSON: the comma before this'],
  ["{ 'index': 1 }", [], 'gateway.json:1:3: it is not JSON: names and texts take double quotes'],
  ['{ "index" "a" }', [], 'gateway.json:1:11: it is not JSON: a colon is missing'],
  ['{ "index":\n }', [], 'gateway.json:2:2: it is not JSON: a value is missing'],
  ['{ "index": "a', [], 'gateway.json:1:12: it is not JSON: this text has no closing quote in its line'],
  ['{ "index": "a"', [], 'gateway.json:1:15: it is not JSON: a closing } is missing'],
  ['{ "index": "a" } x', [], 'gateway.json:1:18: it is not JSON: '],
  ['{} {}', [], 'gateway.json:1:4: it is not JSON: it has to end before this'],
  ['{ // settings\n}', [], 'gateway.json:1:3: it is not JSON: JSON has no comments'],
  ['{ "index": "a\tb" }', [], 'gateway.json:1:12: it is not JSON: this text has a control character in it'],
  [String.raw`{ "index": "a\x" }`, [], 'gateway.json:1:12: it is not JSON: this text has a backslash'],
  [
    lines('"index": "a"', '"index": "b"'),
    [],
    'gateway.json:3:3: index has no effect at 2:3, since it is written again',
  ],
  [lines(`"${SECRET}": 1`), [], 'gateway.json:2:3: field 1 is none of those that there are, and not shown'],
  [lines(`"${SECRET}": 1`, `"${SECRET}": 2`), [], 'gateway.json:3:3: a field has no effect at 2:3'],
  [
    lines('"purge": { "token": "SHORT_TOKEN" }'),
    ['--for', 'node'],
    'gateway.json:2:23: purge.token: the token takes 32',
  ],
  [lines('"purge": { "token": "NOT_SET" }'), ['--for', 'node'], 'gateway.json:2:23: purge.token: NOT_SET is to hold a'],
  [lines('"purge": {}'), [], 'gateway.json:2:12: purge.token: is missing; takes the name of a variable'],
  [
    lines('"cache": { "type": "workers", "origin": "https://a.example:99999" }'),
    [],
    'gateway.json:2:43: cache.origin: ',
  ],
  [
    lines('"cache": { "type": "disk", "folder": "/etc/hosts" }'),
    ['--for', 'node'],
    'gateway.json:2:40: cache.folder: ',
  ],
  [
    lines('"cache": { "type": "disk", "folder": "/x" }'),
    ['--for', 'lambda'],
    'gateway.json:2:22: cache.type: lambda has',
  ],
  [
    lines('"limits": { "keepAliveTimeout": 3000000000 }'),
    [],
    'gateway.json:2:35: limits.keepAliveTimeout: takes a whole',
  ],
  [
    lines('"index": "a"', '"mounts": [{ "index": "b" }]'),
    [],
    'gateway.json:2:12: index: has no effect, since every mount',
  ],
  [lines('"mounts": []'), [], 'gateway.json:2:13: mounts: takes a table at the least'],
  [
    lines('"mounts": [{}, { "path": "/" }]'),
    [],
    'gateway.json:2:18: in the mount at /: mounts.1: is at /, as mounts.0 is',
  ],
  [
    lines('"mounts": [{ "host": "a..example" }]'),
    [],
    'gateway.json:2:24: in the mount at a..example/: mounts.0.host: takes a',
  ],
  // One mount: the name of the setting that is opened later has no number by itself.
  [
    lines('"mounts": [{ "store": { "type": "dir", "path": "/no/such" } }]'),
    ['--for', 'node'],
    'gateway.json:2:50: in the mount at /: mounts.0.store.path: there is no folder "/no/such"',
  ],
  // Inherited by two mounts: one mistake, which is at the top level.
  [
    lines('"access": { "type": "signed", "keys": "NOT_SET" }', '"mounts": [{}, { "path": "/b" }]'),
    ['--for', 'node'],
    'gateway.json:2:41: access.keys: NOT_SET is to hold a secret, and is not set; set it in the environment',
  ],
];

describe('a mistake elsewhere has its file, line and column', () => {
  test.for(elsewhere)('%j %j', async ([text, args, message]) => {
    expect(await check('gateway.json', text, args)).toContain(message);
  });

  test('several mistakes are listed in the order of the file, those of opened stores and rules too', async () => {
    const text = lines(
      '"mounts": [\n    { "access": { "type": "signed", "keys": "NOT_SET" }',
      '  "store": { "type": "dir", "path": "/no/a" } }',
      '  { "path": "/b", "store": { "type": "dir", "path": "/no/b" } }]',
    );
    expect((await check('gateway.json', text, ['--for', 'node'])).split('\n')).toEqual([
      'gateway.json: 3 mistakes:',
      expect.stringMatching(/^ {2}gateway\.json:3:45: in the mount at \/: mounts\.0\.access\.keys: /),
      '  gateway.json:4:39: in the mount at /: mounts.0.store.path: there is no folder "/no/a"',
      '  gateway.json:5:55: in the mount at /b: mounts.1.store.path: there is no folder "/no/b"',
    ]);
  });

  test('a file of 100,000 brackets is refused without a stack', async () => {
    const deep = '['.repeat(100_000);
    expect(await check('deep.json', deep)).toBe('deep.json: it is not JSON');
    expect(await check('deep.json', deep + ']'.repeat(100_000))).toBe('deep.json: they take a table of fields');
  });

  test('a secret in the place of a host or a path is not shown as the name of the mount', async () => {
    const text = lines(`"mounts": [{ "path": "/${SECRET} x", "index": 1 }]`);
    const file = join(folder, 'hidden.json');
    await writeFile(file, text);
    await expect(config(['check', file])).rejects.toThrow(/hidden\.json:2:\d+: mounts\.0\.index: takes/);
  });
});
