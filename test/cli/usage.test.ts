import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commandProcess } from './command-process.ts';

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
  'second.json':
    '{\n  "mounts": [\n    {},\n    { "path": "/r", "host": "a.example", "store": { "type": "dir", "path": "nowhere" } }\n  ]\n}',
  'own.json': '{ "mounts": [{ "path": "/r" }] }',
  'age.json': '{\n  "cacheControl": "max-age=1h"\n}',
  'again.json': '{\n  "index": "a",\n  "index": "b"\n}',
  'disk.json': '{ "cache": { "type": "disk", "folder": "file.txt" } }',
  'mounts.toml': 'name = "x"\n[[vars.RANGEWAY.mounts]]\npath = "/r"\ncacheControl = "maxage=60"\n',
  'broken.toml': `name = "x"\nvars = { SECRET = "${SECRET}"\n`,
  'rangeway.toml': 'name = "x"\nmain = "x.ts"\n[vars.RANGEWAY]\ncache = { type = "disk", folder = "x" }\n',
};

const ENV = {
  WEAK_KEYS: `k1:${SECRET.slice(0, 10)}`,
  USERS: SECRET,
  SHORT_TOKEN: SECRET.slice(0, 20),
  AWS_EC2_METADATA_DISABLED: 'true',
};

const { run, stop } = commandProcess();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-mistakes-'));
  for (const [name, content] of Object.entries(FILES)) await writeFile(join(folder, name), content);
});
afterAll(async () => {
  await stop();
  await rm(folder, { recursive: true });
});

const serve = (file: string) => ['serve', '--dir', '.', '--port', '0', '--config', file];

const URL_9 = '--url=http://127.0.0.1:9';

/** Command lines, and what their message says: what is wrong, where, and what to write instead. */
const cases: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [
    ['frobnicate'],
    /there is no command "frobnicate"; there are check, config, dev, get, index, keygen, lambda, purge, serve, sign, transfers, warm:/,
  ],
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
  [
    ['serve', '--dir', '.', '--config', 'file.txt'],
    /file\.txt:1:1: it is not JSON: names and texts take double quotes/,
  ],
  [['dev', '--dir', 'none'], /--dir none: there is no such folder/],
  [['dev', '--config', 'none.toml'], /--config none\.toml: there is no such file/],
  [serve('array.json'), /they take a table of fields/],
  [serve('broken.json'), /broken\.json:3:3: it is not JSON: a comma is missing before this/],
  [
    serve('field.json'),
    /field\.json:1:3: cacheControll: no such field; did you mean cacheControl\? there are cacheControl/,
  ],
  [serve('log.json'), /log\.json:1:10: log: takes a table with the fields client, secret/],
  [
    serve('store.json'),
    /mounts\.0\.store\.type: takes a table whose type is "r2", "s3" or "dir"|store: takes a table whose type/,
  ],
  [serve('r2.json'), /r2\.json:1:35: in the mount at \/: mounts\.0\.store\.type: this platform knows no "r2"/],
  [serve('workers-cache.json'), /workers-cache\.json:1:22: cache\.type: this platform knows no "workers"/],
  [serve('ttl.json'), /blocks\.ttl: takes /],
  [serve('reads.json'), /parallelReads: takes false, a number of connections from 2 to 16/],
  [serve('twice.json'), /mounts\.1: is at \/a\/, as mounts\.0 is/],
  [serve('unset.json'), /NOT_SET is to hold a secret, and is not set/],
  [serve('weak.json'), /weak\.json:1:41: access\.keys: key k1 for links takes 32 to 64 bytes/],
  [serve('written.json'), /access\.keys: takes the name of a variable or secret that holds it/],
  [serve('users.json'), /USERS takes name:password, one a line/],
  [serve('token.json'), /token\.json:1:23: purge\.token: the token takes 32 to 1024 letters/],
  [serve('headers.json'), /takes no ETag, which the gateway decides for each answer/],
  [serve('ip.json'), /takes addresses and blocks, such as "203\.0\.113\.0\/24"/],
  [['config', 'check', 'missing.json'], /missing\.json: there is no such file/],
  [['config', 'check', 'broken.json'], /broken\.json:3:3: it is not JSON: a comma is missing/],
  [['config', 'check', 'broken.toml'], /broken\.toml:3:1: it is not TOML: /],
  [['config', 'check', 'field.json'], /cacheControll: no such field/],
  [['config', 'check', 'field.json', 'x'], /config check takes one file/],
  [['config', 'check', 'rangeway.toml'], /cache\.type: workers has "workers" and "tiered", not "disk"/],
  [['config', 'check', 'r2.json', '--for', 'node'], /store\.type: node has "s3" and "dir", not "r2"/],
  [
    ['config', 'check', 'r2.json', '--for', 'lambda'],
    /store: on lambda a mount reads the bucket of the function; leave it out, and set a prefix/,
  ],
  [
    ['config', 'check', 'unset.json', '--for', 'node'],
    /unset\.json:1:41: access\.keys: NOT_SET is to hold a secret, and is not set; set it in the environment/,
  ],
  [
    ['config', 'check', 'folder.json', '--for', 'node'],
    /folder\.json:1:50: in the mount at \/: mounts\.0\.store\.path: there is no folder "nowhere"/,
  ],
  [['config', 'check', 'r2.json', '--for', 'deno'], /--for takes node, workers, lambda, not "deno"/],
  [['config', 'check', 'rangeway.toml', '--for', 'node'], /--for node goes with JSON/],
  [
    ['serve', '--port', '0', '--config', 'folder.json'],
    /folder\.json:1:50: in the mount at \/: mounts\.0\.store\.path: there is no folder "nowhere"/,
  ],
  [
    serve('second.json'),
    /second\.json:4:76: in the mount at a\.example\/r: mounts\.1\.store\.path: there is no folder/,
  ],
  [
    ['config', 'check', 'second.json', '--for', 'node'],
    /second\.json:4:76: in the mount at a\.example\/r: mounts\.1\.store\.path: there is no folder "nowhere"/,
  ],
  [
    ['serve', '--config', 'own.json'],
    /own\.json:1:14: in the mount at \/r: mounts\.0\.store: is missing; a mount takes/,
  ],
  [serve('age.json'), /age\.json:2:19: cacheControl: takes max-age in whole seconds, such as max-age=3600, not "max/],
  [serve('again.json'), /again\.json:3:3: index has no effect at 2:3, since it is written again here/],
  [serve('disk.json'), /disk\.json:1:40: cache\.folder: "file\.txt" is a file, and no folder/],
  [['serve', '--dir', '.', '--cache', 'file.txt'], /rangeway: --cache: "file\.txt" is a file, and no folder/],
  [
    ['serve', '--dir', '.', '--cache-control', 'maxage=60'],
    /rangeway: --cache-control: takes max-age in place of maxage, not "maxage=60"/,
  ],
  [
    ['config', 'check', 'mounts.toml'],
    /mounts\.toml:4:16: in the mount at \/r: mounts\.0\.cacheControl: takes max-age/,
  ],
  [
    ['dev', '--config', 'mounts.toml', '--port', '0'],
    /mounts\.toml:4:16: in the mount at \/r: mounts\.0\.cacheControl: /,
  ],
  [['config', 'check'], /config check takes a file/],
  [['sign', 'https://h/a', '--expires', '2h'], /sign needs keys: in the variable RANGEWAY_KEYS/],
  [
    ['sign', 'https://h/a', '--expires', '2h', '--keys', `k1:${SECRET}`],
    /--keys takes a file with keys, and not a key/,
  ],
  [['purge', 'a', '--url', `http://me:${SECRET}@127.0.0.1:9`], /--url takes an address such as/],
  [['purge', 'a', '--url', 'http://127.0.0.1:9'], /purge needs the gateway's token in the variable/],
  [['check'], /check needs an address: rangeway check https:/],
  [['check', 'files.example.com/a.bin'], /check takes an address such as .*, not "files\.example\.com\/a\.bin"/],
  [['check', `ftp://me:${SECRET}@h/a?sig=${SECRET}`], /check takes an address such as .*, not "ftp:\/\/…@h\/a\?…"/],
  [['check', 'http://[::1/'], /check takes an address such as/],
  [['check', 'http://127.0.0.1:9', 'x'], /check takes one address/],
  [['check', 'http://127.0.0.1:9', '--timeout', '2h'], /--timeout takes one hour at the most, not "2h"/],
  [['check', 'http://127.0.0.1:9', '--timeout', '10'], /--timeout takes a number and a unit/],
  [['check', 'http://127.0.0.1:9', '--header', SECRET], /--header takes a field such as/],
  [['check', 'http://127.0.0.1:9', '--header', `If-Range: ${SECRET}`], /--header can't set If-Range/],
  [['warm'], /warm needs --url, the address of the gateway/],
  [
    ['warm', '--url', `http://127.0.0.1:9/a?sig=${SECRET}`],
    /--url takes an address .*, not "http:\/\/127\.0\.0\.1:9\/a\?…"/,
  ],
  [['warm', URL_9], /warm needs keys: --input-file FILE has them, or --s3 BUCKET or --dir DIR/],
  [['warm', 'a/', URL_9], /warm needs keys: /],
  [['warm', 'a/', '--input-file', 'file.txt', URL_9], /a prefix goes with --s3 or --dir/],
  [['warm', '--input-file', 'none.txt', URL_9], /--input-file none\.txt: there is no such file/],
  [['warm', '--input-file', '.', URL_9], /--input-file \.: this is a folder/],
  [['warm', '--input-file', 'file.txt', '--dir', '.', URL_9], /three lists of keys/],
  [['warm', '--dir', 'none', URL_9], /--dir none: there is no such folder/],
  [['warm', '--prefix', 'a', '--dir', '.', URL_9], /--prefix goes with --s3 BUCKET/],
  [['warm', '--dir', '.', URL_9, '--read', 'all'], /--read takes first, whole or blocks, not "all"/],
  [['warm', '--dir', '.', URL_9, '--block-size', '8MiB'], /--block-size goes with --read blocks/],
  [['warm', '--dir', '.', URL_9, '--read', 'blocks', '--block-size', '8'], /--block-size takes a size/],
  [['warm', '--dir', '.', URL_9, '--rate', '0'], /--rate takes requests a second/],
  [['warm', '--dir', '.', URL_9, '--concurrency', '0'], /--concurrency takes a number from 1 to 256/],
  [['warm', '--dir', '.', URL_9, '--header', `Range: ${SECRET}`], /--header can't set Range/],
  [['keygen', '--key-id', 'a b'], /--key-id: .*not "a b"/],
];

describe('a mistake exits with 2, and says in plain words what to write', () => {
  test.for(cases)('%o', async ([args, message]) => {
    const { code, err, out } = await run(args, folder, { ...process.env, ...ENV });
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
