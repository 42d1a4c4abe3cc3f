import { describe, expect, test, vi } from 'vitest';
import { granted } from '../../src/access/access.ts';
import {
  generateLinkKey,
  parseLinkKeys,
  signedAccess,
  signLink,
  stripLink,
  verifyLink,
} from '../../src/access/index.ts';
import { KEYS, KEYS_TEXT, link } from './links.ts';
import { NOW, requestFor } from './request.ts';

const TERMS = { expires: NOW + 3600 };

describe('signedAccess', () => {
  test('grants a valid link, and passes on its terms', async () => {
    const url = await link('/a', { fileName: 'Käse.bin', downloadId: 'd-1', maxBytesPerSecond: 1000 });
    expect(await signedAccess(KEYS)(requestFor(url))).toEqual(
      granted({
        isPrivate: true,
        expires: NOW + 3600,
        fileName: 'Käse.bin',
        downloadId: 'd-1',
        maxBytesPerSecond: 1000,
        rateKey: 'link:d-1',
      }),
    );
  });
  test('passes on its quotas', async () => {
    const url = await link('/a', { downloadId: 'd-1', maxDownloads: 1, maxBytes: 2, maxConnections: 3 });
    const verdict = await signedAccess(KEYS)(requestFor(url));
    expect(verdict).toMatchObject({ grant: { quota: { downloads: 1, bytes: 2, connections: 3 } } });
  });
  test('all spellings of one link share its rate', async () => {
    const rateKeyOf = async (url: string) => {
      const verdict = await signedAccess(KEYS)(requestFor(url));
      return verdict.type === 'granted' ? verdict.grant.rateKey : undefined;
    };
    const url = await link('/a', { maxBytesPerSecond: 1000 });
    const key = await rateKeyOf(url);
    expect(key).toBeDefined();
    expect(await rateKeyOf(url.replace(/^\/a\?(.*?)&(.*)$/, '/%61?$2&$1&download'))).toBe(key);
    expect(await rateKeyOf(await link('/b', { maxBytesPerSecond: 1000 }))).not.toBe(key);
  });
  test('does not restrict the fields of resumed and parallel downloads', async () => {
    const fields = { Range: 'bytes=5-', 'If-Range': '"a"', 'User-Agent': 'x', Cookie: 'y', Authorization: 'z' };
    expect(await signedAccess(KEYS)(requestFor(await link('/a'), fields))).toEqual(
      granted({ isPrivate: true, expires: NOW + 3600 }),
    );
  });
  test('grants HEAD too', async () => {
    expect(await signedAccess(KEYS)(requestFor(await link('/a'), {}, { method: 'HEAD' }))).toEqual(
      granted({ isPrivate: true, expires: NOW + 3600 }),
    );
  });
  test.for([
    ['a parameter behind', (url: string) => `${url}&download`],
    ['a parameter in front', (url: string) => url.replace('?', '?download&')],
    ['an empty parameter', (url: string) => `${url}&&`],
    ['parameters in another order', (url: string) => url.replace(/\?(.*?)&(.*?)&(.*)$/, '?$3&$2&$1')],
    ['parameters that are encoded otherwise', (url: string) => url.replace('rgw-kid=k1', 'rgw%2Dkid=%6B%31')],
    ['the path encoded otherwise', (url: string) => url.replace('/files/a', '/%66iles/%61')],
    ['broken encoding in a parameter of others', (url: string) => `${url}&x=%ff%`],
  ] as const)('takes a link with %s', async ([, change]) => {
    const url = await link('/files/a');
    expect(change(url)).not.toBe(url);
    expect(await signedAccess(KEYS)(requestFor(change(url)))).toEqual(
      granted({ isPrivate: true, expires: NOW + 3600 }),
    );
  });
  test('accepts both spellings of a space in a value', async () => {
    const url = await link('/a', { fileName: 'a b' });
    expect(url).toContain('a%20b');
    expect(await signedAccess(KEYS)(requestFor(url.replace('%20', '+')))).toMatchObject({ grant: { fileName: 'a b' } });
  });
  test('accepts links of each of its keys, and of no others', async () => {
    const url = await link('/a');
    const old = parseLinkKeys(KEYS_TEXT.split('\n').toReversed().join('\n'));
    const gone = parseLinkKeys(KEYS_TEXT.split('\n')[1] ?? '');
    expect(await signedAccess(old)(requestFor(url))).toEqual(granted({ isPrivate: true, expires: NOW + 3600 }));
    expect(await signedAccess(gone)(requestFor(url))).toEqual({ type: 'refused', reason: 'forbidden' });
  });
  test('refuses a link signed with another secret under the same key id', async () => {
    const other = parseLinkKeys(generateLinkKey('k1'));
    expect(await signedAccess(other)(requestFor(await link('/a')))).toEqual({ type: 'refused', reason: 'forbidden' });
  });
  test('is valid from notBefore, inclusive, to expires, exclusive', async () => {
    const url = await link('/a', { notBefore: NOW, expires: NOW + 2 });
    const reasons = await Promise.all(
      [-1, 0, 1, 2].map(async (offset) => signedAccess(KEYS)(requestFor(url, {}, { now: NOW + offset }))),
    );
    expect(reasons).toEqual([
      { type: 'refused', reason: 'not-yet' },
      granted({ isPrivate: true, expires: NOW + 2 }),
      granted({ isPrivate: true, expires: NOW + 2 }),
      { type: 'refused', reason: 'expired' },
    ]);
  });
});

describe('signLink', () => {
  test('leaves the URL, its other parameters and its fragment unchanged', async () => {
    const signed = await signLink('https://h.example:8443/a%20b/c?x=%20&y=a+b#end', TERMS, KEYS[0]);
    expect(signed).toMatch(
      /^https:\/\/h\.example:8443\/a%20b\/c\?x=%20&y=a\+b&rgw-kid=k1&rgw-exp=1800003600&rgw-sig=1\.[\w-]{43}#end$/,
    );
    expect(await verifyLink(signed, { now: NOW }, KEYS)).toEqual({ type: 'valid', terms: TERMS });
  });
  test('signs all its terms, and verification returns them', async () => {
    const terms = {
      expires: NOW + 1,
      notBefore: NOW,
      prefix: '/ä b/',
      clientAddress: '::/0',
      downloadId: 'A-z.0_9~',
      fileName: '日本 & 100% = "x"?.txt',
      maxBytesPerSecond: 1,
    };
    const signed = await signLink('https://h.example/%C3%A4%20b/c', terms, KEYS[0]);
    expect(await verifyLink(signed, { now: NOW, clientAddress: '::1' }, KEYS)).toEqual({ type: 'valid', terms });
  });
  const a = 'https://h.example/a/b';
  test.for([
    ['https://h.example/a%2Fb', {}, 'the path /a%2Fb takes no link: it may have no %2F (write a slash)'],
    ['https://h.example/a%0Ab', {}, 'takes no link'],
    ['https://h.example/%ff', {}, 'takes no link'],
    ['https://h.example/a?rgw-kid=k1', {}, 'the address is a link already'],
    [a, { expires: 1.5 }, 'expires takes whole seconds since 1970, up to 12 digits, not "1.5"'],
    [a, { expires: Number.NaN }, 'expires takes whole seconds'],
    [a, { expires: -1 }, 'expires takes whole seconds'],
    [a, { expires: 1e21 }, 'expires takes whole seconds'],
    [a, { expires: Date.now() * 1000 }, 'up to 12 digits'],
    [a, { notBefore: 0.5 }, 'notBefore takes whole seconds'],
    [a, { notBefore: NOW + 3600 }, 'the link would expire before it is valid'],
    [a, { prefix: '/a' }, 'the prefix takes a decoded path that begins and ends with a slash'],
    [a, { prefix: 'a/' }, 'the prefix takes'],
    [a, { prefix: '' }, 'the prefix takes'],
    [a, { prefix: '/a\n/' }, 'the prefix takes'],
    [a, { prefix: '/b/' }, 'the prefix /b/ is not where /a/b is'],
    [a, { prefix: '/%61/' }, 'the prefix /%61/ is not where /a/b is'],
    [a, { clientAddress: '10.0.0.0/33' }, 'clientAddress takes an address or a block'],
    [a, { clientAddress: '' }, 'clientAddress takes'],
    [a, { downloadId: 'a b' }, 'downloadId takes 1 to 64 letters'],
    [a, { downloadId: 'a'.repeat(65) }, 'downloadId takes'],
    [a, { fileName: '' }, 'fileName takes 1 to 255 characters'],
    [a, { fileName: 'a\r\nb' }, 'fileName takes'],
    [a, { fileName: 'a\ud800' }, 'fileName takes'],
    [a, { fileName: 'a'.repeat(256) }, 'fileName takes'],
    [a, { maxBytesPerSecond: 0 }, 'maxBytesPerSecond takes a whole number from 1'],
    [a, { maxBytesPerSecond: 0.5 }, 'maxBytesPerSecond takes'],
  ] as const)('refuses %s with %o', async ([url, terms, message]) => {
    await expect(signLink(url, { ...TERMS, ...terms }, KEYS[0])).rejects.toThrow(
      expect.objectContaining({ name: 'RangeError', message: expect.stringContaining(message) }),
    );
  });
  test('refuses to make a link longer than the limit of verification', async () => {
    const prefix = `/${'\u{1f600}'.repeat(250)}/`;
    const url = await link(`${encodeURI(prefix)}a`, {
      prefix,
      notBefore: NOW,
      clientAddress: '1111:2222:3333:4444:5555:6666:7777:8888/128',
      downloadId: 'd'.repeat(64),
      fileName: '日'.repeat(255),
      maxBytesPerSecond: 999_999_999_999,
    });
    const use = { now: NOW, clientAddress: '1111:2222:3333:4444:5555:6666:7777:8888' };
    expect(await verifyLink(`https://files.example${url}`, use, KEYS)).toMatchObject({ type: 'valid' });
  });
});

describe('parseLinkKeys', () => {
  const secret = 'A'.repeat(43);
  test('reads keys separated by white space, and skips comments', () => {
    const keys = parseLinkKeys(`# of 2026\r\nnew:${secret} # signs\n\n\told-1:${'A'.repeat(86)}\n#gone:${secret}`);
    expect(keys.map(({ id }) => id)).toEqual(['new', 'old-1']);
  });
  test('prints no secret in any conversion of a key', () => {
    const [key] = parseLinkKeys(`k:${'S'.repeat(42)}A`);
    expect(JSON.stringify([key, Object.values(key).map(String)])).not.toContain('SSSS');
  });
  const id = 'key 1 for links takes id:secret';
  const bytes = 'key k for links takes 32 to 64 bytes as base64url without padding; rangeway keygen makes one';
  test.for([
    ['', 'there is no key for links; rangeway keygen makes one'],
    [' \n# none', 'there is no key'],
    [secret, id],
    [`:${secret}`, id],
    [`${'k'.repeat(33)}:${secret}`, id],
    [`k.1:${secret}`, id],
    [`k: ${secret}`, bytes],
    ['k:', bytes],
    [`k:${'A'.repeat(42)}`, bytes],
    [`k:${'A'.repeat(87)}`, bytes],
    [`k:${secret}=`, bytes],
    [`k:${'A'.repeat(42)}B`, bytes],
    [`k:${'+'.repeat(42)}A`, bytes],
    [`k:${secret}:x`, bytes],
    [`k:${secret} k:${'E'.repeat(43)}`, 'two keys for links have the id k'],
    [Array.from({ length: 33 }, (_, i) => `k${i}:${secret}`).join(' '), 'more than 32 keys'],
  ] as const)('refuses %.60o, and does not show it', ([text, message]) => {
    const refusal = expect(() => parseLinkKeys(text));
    refusal.toThrow(expect.objectContaining({ name: 'SettingsError', message: expect.stringContaining(message) }));
    refusal.not.toThrow(/A{5}|E{5}|\+{5}/);
  });
});

test('generateLinkKey makes a new key of 256 bits at each call', async () => {
  const made = [generateLinkKey('k'), generateLinkKey('k')];
  expect(new Set(made).size).toBe(2);
  for (const entry of made) {
    expect(entry).toMatch(/^k:[\w-]{43}$/);
    const [key] = parseLinkKeys(entry);
    expect(await verifyLink(await signLink('https://h/a', TERMS, key), { now: NOW }, [key])).toMatchObject({
      type: 'valid',
    });
  }
  expect(() => generateLinkKey('k 1')).toThrow(RangeError);
});

test('stripLink keeps all other parameters, in their order', async () => {
  const { searchParams } = new URL(await link('/a?b=1&b=2&download', { prefix: '/' }), 'https://h');
  searchParams.append('rgw-', 'x');
  searchParams.append('c', 'rgw-');
  expect(stripLink(searchParams).toString()).toBe('b=1&b=2&download=&c=rgw-');
  expect(searchParams.has('rgw-sig')).toBe(true);
});

test('a verified signature is cached, and no other one matches the cached entry', async () => {
  const [key] = parseLinkKeys(generateLinkKey('k'));
  const verify = vi.spyOn(crypto.subtle, 'verify');
  const signature = Uint8Array.from(await key.sign('text'));
  const forged = signature.map((byte, i) => (i === 31 ? byte ^ 1 : byte));
  expect(await key.verify(forged, 'text')).toBe(false);
  for (let i = 0; i < 3; i++) expect(await key.verify(signature, 'text')).toBe(true);
  expect(verify).toHaveBeenCalledTimes(2);
  expect(await key.verify(forged, 'text')).toBe(false);
  expect(await key.verify(signature.subarray(0, 31), 'text')).toBe(false);
  expect(await key.verify(signature, 'other')).toBe(false);
  verify.mockRestore();
});
