import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { killAll, run } from './commands.ts';

/** Stands for each secret in the table: no message may show it. */
const SECRET = 'do-not-show-this-0123456789abcdefghij';

const FILES: Readonly<Record<string, string>> = {
  'file.txt': 'content',
  'array.json': '[]',
  'broken.json': `{\n  "cacheControl": "${SECRET}"\n  "index": 1 }`,
  'field.json': '{ "cacheControll": "x" }',
  'log.json': '{ "log": "x" }',
  'store.json': '{ "mounts": [{ "store": { "type": "ftp" } }] }',
  'r2.json': '{ "mounts": [{ "store": { "type": "r2", "binding": "FILES" } }] }',
  'workers-cache.json': '{ "cache": { "type": "workers", "origin": "https://example.com" } }',
  'ttl.json': '{ "blocks": { "ttl": -1 } }',
  'reads.json': '{ "parallelReads": 1 }',
  'folder.json': '{ "mounts": [{ "store": { "type": "dir", "path": "nowhere" } }] }',
  'twice.json': '{ "mounts": [{ "path": "/a" }, { "path": "/a" }] }',
  'unset.json': '{ "access": { "type": "signed", "keys": "NOT_SET" } }',
  'weak.json': '{ "access": { "type": "signed", "keys": "WEAK_KEYS" } }',
  'written.json': `{ "access": { "type": "signed", "keys": "k1:${SECRET}" } }`,
  'users.json': '{ "access": { "type": "basic", "users": "USERS" } }',
  'token.json': '{ "purge": { "token": "SHORT_TOKEN" } }',
  'headers.json': '{ "headers": { "ETag": "x" } }',
  'ip.json': '{ "access": { "type": "ip", "blocks": ["300.1.1.1"] } }',
  'broken.toml': `name = "x"\nvars = { SECRET = "${SECRET}"\n`,
  'rangeway.toml': 'name = "x"\nmain = "x.ts"\n[vars.RANGEWAY]\ncache = { type = "disk", folder = "x" }\n',
};

const ENV = {
  WEAK_KEYS: `k1:${SECRET.slice(0, 10)}`,
  USERS: SECRET,
  SHORT_TOKEN: SECRET.slice(0, 20),
  AWS_EC2_METADATA_DISABLED: 'true',
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-mistakes-'));
  for (const [name, content] of Object.entries(FILES)) await writeFile(join(folder, name), content);
});
afterAll(async () => {
  killAll();
  await rm(folder, { recursive: true });
});

const serve = (file: string) => ['serve', '--dir', '.', '--port', '0', '--config', file];

/** Command lines, and what their message says: what is wrong, where, and what to write instead. */
const cases: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [['frobnicate'], /there is no command "frobnicate"; there are config, dev, keygen, lambda, purge, serve, sign:/],
  [['lambda'], /lambda needs a bucket: rangeway lambda --s3 BUCKET/],
  [['lambda', '--s3', 'files', '--mode', 'fast'], /--mode takes buffered or stream, not "fast"/],
  [['lambda', '--s3', 'files', '--overflow', 'drop'], /--overflow takes redirect or partial or refuse/],
  [['__proto__'], /there is no command "__proto__"/],
  [['a\u202eb\u200b\u001b[31m'], /there is no command "a\\u202eb\\u200b\\u001b\[31m"/],
  [['serve'], /serve needs a folder or a bucket: rangeway serve --dir DIR, or/],
  [['serve', '--dir', '.', '--s3', 'bucket'], /--dir and --s3 are two stores/],
  [['serve', '--dir', '.', '--region', 'x'], /--region goes with --s3 BUCKET/],
  [
    ['serve', '--dir', '.', '--fallback', 'x'],
    /--fallback is not an option of serve; a fallback is a field of a mount in the configuration: /,
  ],
  [
    ['dev', '--s3', 'bucket', '--fallback-region', 'x'],
    /--fallback-region is not an option of dev; a fallback is a field of a mount/,
  ],
  [
    ['lambda', '--s3', 'bucket', '--fallback', 'x'],
    /--fallback is not an option of lambda; a fallback is a field of a mount/,
  ],
  [['serve', '--dir', '.', '--path-style'], /--path-style goes with --s3 BUCKET/],
  [['serve', '--s3', 'bucket', '--hidden'], /--hidden goes with --dir DIR/],
  [['serve', '--hidden'], /--hidden goes with --dir DIR/],
  [['dev', '--hidden', '--port', '0'], /--hidden goes with --dir DIR/],
  [['serve', '--s3', 'a/b'], /--s3 takes the name of a bucket, not "a\/b"/],
  [
    ['serve', '--s3', 'bucket', '--endpoint', 'host:80'],
    /--endpoint takes an address such as https:\/\/s3\.example\.com, not "host:80"/,
  ],
  [
    ['serve', '--s3', 'bucket', '--endpoint', 'http://127.0.0.1:9'],
    /--s3 bucket can't be read: (?:nothing listens at the endpoint|there are no credentials|no region is set)/,
  ],
  [['dev', '--dir', '.', '--s3', 'bucket'], /--dir fills a local bucket; with --s3 there is none/],
  [
    ['dev', '--s3', 'bucket', '--port', '0'],
    /dev --s3 needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment/,
  ],
  [['serve', '--dir'], /--dir takes a value: --dir DIR/],
  [['serve', '--dir', 'none'], /--dir none: there is no such folder/],
  [['serve', '--dir', 'file.txt'], /--dir file\.txt: this is a file/],
  [['serve', '--dir', '.', '--port', 'x'], /--port takes a number from 0 to 65535, not "x"/],
  [['serve', '--dir', '.', '--port', '65536'], /--port takes/],
  [['serve', '--dir', '.', '--prot', '1'], /--prot is not an option of serve; did you mean --port\? there are --dir, /],
  [['serve', 'folder'], /"folder" is not an option/],
  [['srve'], /there is no command "srve"; did you mean serve\? there are /],
  [['serve', '--dir', '.', '--workers', '0'], /--workers takes a number from 1 to 256, or auto, not "0"/],
  [['serve', '--dir', '.', '--workers', 'all'], /--workers takes a number from 1 to 256, or auto, not "all"/],
  [['serve', '--dir', '.', '--workers', '257'], /--workers takes/],
  [['serve', '--dir', '.', '--port', '-1'], /--port takes a number from 0 to 65535, not "-1"/],
  [['serve', '--dir', '.', '--port=-1'], /--port takes a number from 0 to 65535, not "-1"/],
  [['serve', '--dir', '.', '--port', '1e3'], /--port takes a number from 0 to 65535, not "1e3"/],
  [['serve', '--dir='], /--dir takes a value: --dir DIR/],
  [['serve', '--dir', '--hidden'], /--dir takes a value: --dir DIR/],
  [['serve', '--dir', '.', '--hidden=yes'], /--hidden takes no value/],
  [['serve', '-d', '.'], /-d is not an option of serve; there are --dir/],
  [['serve', '--dir', '.', '--', 'x'], /"x" is not an option of serve/],
  [['serve', '--dir', '.', '--config', '.'], /--config \.: this is a folder, and a file is needed/],
  [['serve', '--s3', 'bucket', '--endpoint', 'http://127.0.0.1:9/a?b'], /--endpoint takes an address such as/],
  [
    ['serve', '--s3', 'bucket', '--endpoint', 'http://me:secret@127.0.0.1:9'],
    /takes an address such as .*, not "http:\/\/…@127\.0\.0\.1:9"/,
  ],
  [
    ['serve', '--s3', 'bucket', '--endpoint', 'http://127.0.0.1:9/storage/v1/s3'],
    /can't be read: (?:nothing listens|there are no cred|no region)/,
  ],
  [['dev', '--s3', 'bucket', '--port', '0', '--endpoint', 'nope'], /--endpoint takes an address/],
  [['keygen', 'x'], /"x" is not an option of keygen; there are --key-id/],
  [['purge', '--url', 'http://127.0.0.1:9'], /purge needs a key/],
  [['purge', 'a'], /purge needs --url, the address of the gateway/],
  [['config', 'chek'], /config takes "check"/],
  [['sign'], /sign needs an address/],
  [['serve', '--dir', '.', '--host', '203.0.113.9', '--port', '0'], /this machine does not have that address/],
  [['serve', '--dir', '.', '--config', 'none.json'], /--config none\.json: there is no such file/],
  [['serve', '--dir', '.', '--config', 'file.txt'], /--config file\.txt: .*JSON/],
  [['dev', '--dir', 'none'], /--dir none: there is no such folder/],
  [['dev', '--config', 'none.toml'], /--config none\.toml: there is no such file/],
  [serve('array.json'), /they take a table of fields/],
  [serve('broken.json'), /--config broken\.json: it is not JSON, at position \d+ \(line 3 column \d+\)/],
  [serve('field.json'), /cacheControll: no such field; there are cacheControl/],
  [serve('log.json'), /log: no such field/],
  [
    serve('store.json'),
    /mounts\.0\.store\.type: takes a table whose type is "r2", "s3" or "dir"|store: takes a table whose type/,
  ],
  [serve('r2.json'), /store: this platform knows no "r2"/],
  [serve('workers-cache.json'), /cache: this platform knows no "workers"/],
  [serve('ttl.json'), /blocks\.ttl: takes /],
  [serve('reads.json'), /parallelReads: takes false, a number of connections from 2 to 16/],
  [serve('twice.json'), /mounts\.1: is at \/a\/, as mounts\.0 is/],
  [serve('unset.json'), /NOT_SET is to hold a secret, and is not set/],
  [serve('weak.json'), /access: /],
  [serve('written.json'), /access\.keys: takes the name of a variable or secret that holds it/],
  [serve('users.json'), /USERS takes name:password, one a line/],
  [serve('token.json'), /purge: the token takes 32 to 1024 letters/],
  [serve('headers.json'), /takes no ETag, which the gateway decides for each answer/],
  [serve('ip.json'), /takes addresses and blocks, such as "203\.0\.113\.0\/24"/],
  [['config', 'check', 'missing.json'], /missing\.json: there is no such file/],
  [['config', 'check', 'broken.json'], /broken\.json: it is not JSON, at position/],
  [['config', 'check', 'broken.toml'], /broken\.toml: /],
  [['config', 'check', 'field.json'], /cacheControll: no such field/],
  [['config', 'check', 'field.json', 'x'], /config check takes one file/],
  [['config', 'check', 'rangeway.toml'], /cache\.type: workers has "workers" and "tiered", not "disk"/],
  [['config', 'check', 'r2.json', '--for', 'node'], /store\.type: node has "s3" and "dir", not "r2"/],
  [['config', 'check', 'r2.json', '--for', 'lambda'], /store\.type: lambda has "s3", not "r2"/],
  [['config', 'check', 'unset.json', '--for', 'node'], /NOT_SET is to hold a secret, and not set here/],
  [['config', 'check', 'folder.json', '--for', 'node'], /mounts\.0\.store\.path: there is no folder "nowhere"/],
  [['config', 'check', 'r2.json', '--for', 'deno'], /--for takes node, workers, lambda, not "deno"/],
  [['config', 'check', 'rangeway.toml', '--for', 'node'], /--for node goes with JSON/],
  [['serve', '--port', '0', '--config', 'folder.json'], /store: there is no folder "nowhere"/],
  [['config', 'check'], /config check takes a file/],
  [['sign', 'https://h/a', '--expires', '2h'], /sign needs keys: in the variable RANGEWAY_KEYS/],
  [
    ['sign', 'https://h/a', '--expires', '2h', '--keys', `k1:${SECRET}`],
    /--keys takes a file with keys, and not a key/,
  ],
  [['purge', 'a', '--url', `http://me:${SECRET}@127.0.0.1:9`], /--url takes an address such as/],
  [['purge', 'a', '--url', 'http://127.0.0.1:9'], /purge needs the gateway's token in the variable/],
  [['keygen', '--key-id', 'a b'], /--key-id: .*not "a b"/],
];

describe('a mistake exits with 2, and says in plain words what to write', () => {
  test.for(cases)('%o', async ([args, message]) => {
    const { code, err, out } = await run(args, { cwd: folder, env: ENV });
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
    expect(err).toMatch(/^rangeway: /);
    // No stack, and no secret.
    expect(err).not.toMatch(/^\s+at /m);
    expect(err).not.toContain(SECRET.slice(0, 10));
  });

  test('there are at least 60 of them', () => {
    expect(cases.length).toBeGreaterThanOrEqual(60);
  });
});
