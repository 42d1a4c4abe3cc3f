import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseLinkKeys, verifyLink } from '../../src/access/index.ts';
import { KEYS, KEYS_TEXT } from '../access/links.ts';
import { commandProcess } from './command-process.ts';

const FILE = 'https://files.example/releases/app.bin';

const commands = commandProcess();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-sign-'));
  await writeFile(join(folder, 'keys'), `# keys for links\n${KEYS_TEXT}\n`);
  await writeFile(join(folder, 'wrong'), 'SECRETSECRETSECRETSECRET\n');
});
afterAll(async () => {
  await commands.stop();
  await rm(folder, { recursive: true });
});

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command with the keys in the environment by default. */
async function run(args: readonly string[], keys: string | undefined = KEYS_TEXT): Promise<Run> {
  const { RANGEWAY_KEYS: _, ...others } = process.env;
  const env = keys === '' ? others : { ...others, RANGEWAY_KEYS: keys };
  return commands.run(args, folder, env);
}

function nowInSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

describe('sign', () => {
  test('prints only the link to stdout, and its scope and expiry to stderr', async () => {
    const before = nowInSeconds();
    const { code, out, err } = await run(['sign', FILE, '--expires', '2h']);
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(
        /^https:\/\/files\.example\/releases\/app\.bin\?rgw-kid=k1&rgw-exp=\d+&rgw-sig=1\.[\w-]{43}\n$/,
      ),
    ]);
    expect(err).toMatch(
      /^rangeway: opens \/releases\/app\.bin until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC; a download that is continued after that gets 403 and needs a new link\n$/,
    );
    const verdict = await verifyLink(out.trim(), { now: nowInSeconds() }, KEYS);
    const expires = verdict.type === 'valid' ? verdict.terms.expires : 0;
    expect(expires).toBeGreaterThanOrEqual(before + 7200);
    expect(expires).toBeLessThanOrEqual(nowInSeconds() + 7200);
    expect(Date.parse(`${/until (.*) UTC/.exec(err)?.[1]}Z`)).toBe(expires * 1000);
  });

  test('signs all terms of its options, with the chosen key', async () => {
    const args = [
      'sign',
      '--key-id',
      'k2',
      '--ip',
      '203.0.113.0/24',
      '--filename',
      'Käse 1.bin',
      '--prefix',
      '--id',
      'd-1',
    ];
    const releases = new URL('.', FILE).href;
    const { out, err } = await run([...args, '--rate', '1000', '--not-before', '90s', '--expires', '7d', releases]);
    expect(err).toContain('opens every file below /releases/ until');
    const use = { now: nowInSeconds() + 100, clientAddress: '203.0.113.7' };
    const other = out.trim().replace('/releases/', '/releases/b/c.bin');
    const [, second] = KEYS;
    expect(second === undefined ? undefined : await verifyLink(other, use, [second])).toMatchObject({
      type: 'valid',
      terms: {
        prefix: '/releases/',
        clientAddress: '203.0.113.0/24',
        fileName: 'Käse 1.bin',
        downloadId: 'd-1',
        maxBytesPerSecond: 1000,
      },
    });
    expect(await verifyLink(out.trim(), { ...use, now: nowInSeconds() }, KEYS)).toMatchObject({ reason: 'not-yet' });
    expect(await verifyLink(out.trim(), { ...use, clientAddress: '203.0.114.7' }, KEYS)).toMatchObject({
      reason: 'forbidden',
    });
  });

  test('gives a link with a quota a random id, because it is counted by that', async () => {
    const quota = ['--max-downloads', '3', '--max-bytes', '150000000000000', '--max-connections', '16'];
    const { out } = await run(['sign', FILE, '--expires', '30m', ...quota]);
    const verdict = await verifyLink(out.trim(), { now: nowInSeconds() }, KEYS);
    expect(verdict).toMatchObject({
      terms: {
        maxDownloads: 3,
        maxBytes: 150e12,
        maxConnections: 16,
        downloadId: expect.stringMatching(/^[\w-]{36}$/),
      },
    });
    const again = await run(['sign', FILE, '--expires', '30m', ...quota]);
    expect(new URL(again.out.trim()).searchParams.get('rgw-id')).not.toBe(
      new URL(out.trim()).searchParams.get('rgw-id'),
    );
    const named = await run(['sign', FILE, '--expires', '30m', '--id', 'd-1', '--max-bytes', '1']);
    expect(new URL(named.out.trim()).searchParams.get('rgw-id')).toBe('d-1');
    const plain = await run(['sign', FILE, '--expires', '30m', '--rate', '1']);
    expect(plain.out).not.toContain('rgw-id');
  });

  test('takes keys from a file, which takes precedence over the environment', async () => {
    const args = ['sign', FILE, '--expires', '30m', '--keys', 'keys'];
    for (const keys of ['', 'other:broken']) {
      const { code, out } = await run(args, keys);
      expect([code, (await verifyLink(out.trim(), { now: nowInSeconds() }, KEYS)).type]).toEqual([0, 'valid']);
    }
  });

  test('signs a folder whose name needs encoding', async () => {
    const { out } = await run(['sign', 'https://h/%C3%BC%20b/', '--expires', '1d', '--prefix']);
    const link = out.trim().replace('b/?', 'b/c?');
    expect(await verifyLink(link, { now: nowInSeconds() }, KEYS)).toMatchObject({ terms: { prefix: '/ü b/' } });
  });

  test('prints the scope of a folder link in visible characters', async () => {
    const { err } = await run(['sign', 'https://h/a%E2%80%AEb%F3%A0%81%81/', '--expires', '1d', '--prefix']);
    expect(err).toMatch(/^rangeway: opens every file below \/a\\u202eb\\udb40\\udc41\/ until /);
    expect((await run(['sign', 'https://h', '--expires', '1d', '--prefix'])).err).toContain(
      'opens every file below / until',
    );
  });

  const expires = ['--expires', '2h'];
  const cases: readonly (readonly [args: readonly string[], message: RegExp, keys?: string])[] = [
    [[], /sign needs an address: rangeway sign https:\/\/files\.example\.com\/a\.bin --expires 2h/],
    [[FILE], /sign needs --expires, such as 2h, or --until DATE: as long as the slowest download may take/],
    [['/a.bin', ...expires], /sign takes a whole address such as https:.*, not "\/a\.bin"/],
    [['files.example/a', ...expires], /sign takes a whole address/],
    [['ftp://h/a', ...expires], /sign takes a whole address/],
    [[FILE, 'b', ...expires], /sign takes one address; one with spaces or & takes quotes around it/],
    [['https://h/a%2Fb', ...expires], /sign: the path \/a%2Fb takes no link: it may have no %2F \(write a slash\)/],
    [['https://h/%ff/', '--prefix', ...expires], /sign: the path \/%ff\/ takes no link/],
    // The parent folder may contain much more than the address suggests.
    [['https://h/open', '--prefix', ...expires], /--prefix opens a folder, .* in a slash: \/open\/ and not \/open$/m],
    [[FILE, '--prefix', ...expires], /--prefix opens a folder, whose address ends in a slash/],
    [['https://h/open%2F', '--prefix', ...expires], /--prefix opens a folder/],
    [['https://h/open?a=/', '--prefix', ...expires], /--prefix opens a folder/],
    [['https://h/open#/', '--prefix', ...expires], /--prefix opens a folder/],
    [[FILE, ...expires, '--keys', `k1:${'SECRET'.repeat(8)}`], /--keys takes a file with keys, and not a key itself/],
    [[`${FILE}?rgw-kid=k1`, ...expires], /sign: the address is a link already/],
    [[FILE, '--expires', '2'], /--expires takes a number and a unit, such as 90s, 30m, 2h or 7d, not "2"/],
    [[FILE, '--expires', '0h'], /--expires takes a number and a unit/],
    [[FILE, '--expires', '-2h'], /--expires takes a number and a unit, such as 90s, 30m, 2h or 7d, not "-2h"/],
    [[FILE, '--until', '2026-02-30'], /--until takes a date such as 2026-12-31 or 2026-12-31T18:00Z, not "2026-02-30"/],
    [[FILE, '--until', 'tomorrow'], /--until takes a date/],
    [[FILE, '--until', '2020-01-01'], /--until 2020-01-01 is in the past/],
    [[FILE, '--until', '2099-01-01', '--expires', '2h'], /--expires and --until both say when the link ends/],
    [[FILE, '--expires', '2w'], /--expires takes a number and a unit/],
    [[FILE, '--expires', '1h', '--not-before', '1h'], /sign: the link would expire before it is valid/],
    [[FILE, ...expires, '--not-before', 'soon'], /--not-before takes a number and a unit/],
    [
      [FILE, ...expires, '--ip', '10.0.0.0/33'],
      /clientAddress takes an address or a block, such as 203\.0\.113\.0\/24/,
    ],
    [[FILE, ...expires, '--max-bytes', '0'], /--max-bytes takes bytes, a whole number from 1, not "0"/],
    [[FILE, ...expires, '--max-downloads', '1.5'], /--max-downloads takes downloads, a whole number from 1, not/],
    [[FILE, ...expires, '--max-connections', 'x'], /--max-connections takes requests at the same time, a whole number/],
    [[FILE, ...expires, '--rate', '1M'], /--rate takes bytes a second, a whole number from 1, not "1M"/],
    [[FILE, ...expires, '--id', 'a b'], /downloadId takes 1 to 64 letters/],
    [[FILE, ...expires, '--filename', ''], /--filename takes a value: --filename NAME/],
    [[FILE, ...expires, '--key', 'k1:SECRETSECRET'], /--key is not an option of sign; did you mean --keys\?/],
    [[FILE, ...expires, '--key-id', 'k3'], /--key-id k3: there is no such key; there are k1, k2/],
    [[FILE, ...expires, '--keys', 'none'], /--keys none: there is no such file/],
    [[FILE, ...expires, '--keys', 'wrong'], /key 1 for links takes id:secret/],
    [
      [FILE, ...expires],
      /sign needs keys: in the variable RANGEWAY_KEYS, or in a file with --keys FILE; rangeway keygen makes one/,
      '',
    ],
    [[FILE, ...expires], /key 2 for links takes id:secret/, `${KEYS_TEXT.split('\n')[0]} SECRETSECRET`],
    [[FILE, ...expires], /key k for links takes 32 to 64 bytes as base64url/, 'k:SECRETSECRET'],
  ];
  test.for(cases)('%o exits with 2 and prints the right usage in one line', async ([args, message, keys]) => {
    const { code, out, err } = await run(['sign', ...args], keys);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
    expect(err).toMatch(/^rangeway: .*\n$/);
    expect(err).not.toContain('SECRET');
  });
});

describe('keygen', () => {
  test('prints only a key, which sign accepts', async () => {
    const { code, out, err } = await run(['keygen']);
    expect([code, out]).toEqual([0, expect.stringMatching(/^k\d{8}:[\w-]{43}\n$/)]);
    expect(err).toMatch(/^rangeway: put k\d{8} in front of the other keys to sign with it;.*\n$/);
    expect(err).not.toContain(out.split(':')[1]?.trim());
    const signed = await run(['sign', FILE, '--expires', '1m'], out);
    expect(await verifyLink(signed.out.trim(), { now: nowInSeconds() }, parseLinkKeys(out))).toMatchObject({
      type: 'valid',
    });
  });

  test('accepts a key id, and prints it', async () => {
    expect((await run(['keygen', '--key-id', 'ci-1'])).out).toMatch(/^ci-1:/);
    expect(await run(['keygen', '--key-id', 'a b'])).toMatchObject({
      code: 2,
      err: 'rangeway: --key-id: the id of a key takes 1 to 32 letters, digits, - and _, not "a b"\n',
    });
    expect(await run(['keygen', 'k1'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('"k1" is not an option'),
    });
  });
});
