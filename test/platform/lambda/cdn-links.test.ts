import { createPublicKey, generateKeyPairSync, verify, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { LinkTarget } from '../../../src/config/size-limit.ts';
import { contentDisposition } from '../../../src/http/index.ts';
import { cdnPath, parseCdnKey, signCdnPath } from '../../../src/platform/lambda/cdn-links.ts';

const GB = 1024 ** 3;

function target(representation: Partial<LinkTarget['representation']> = {}): LinkTarget {
  return {
    key: 'a.bin',
    representation: { size: 5 * GB, etag: { weak: false, opaque: 'abc' }, ...representation },
    disposition: undefined,
    host: 'd1.cloudfront.net',
    expires: undefined,
  };
}

const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const PEM = toPem(pair.privateKey);

function toPem(key: KeyObject): string {
  return String(key.export({ type: 'pkcs8', format: 'pem' }));
}

describe('the path of an object', () => {
  test('names form, entity tag, version, disposition and key', () => {
    expect(cdnPath('range', 'pub/a.bin', target())).toBe('/.rangeway/object/range/abc/-/-/pub/a.bin');
    const versioned = { ...target({ version: '3/L4 k+' }), disposition: 'attachment; filename="a.bin"' };
    expect(cdnPath('whole', 'a.bin', versioned)).toBe(
      '/.rangeway/object/whole/abc/3%2FL4%20k%2B/attachment%3B%20filename%3D%22a.bin%22/a.bin',
    );
  });

  test('has only unreserved characters, slashes and percent-encoded ones: no pattern of a policy', () => {
    const key = Array.from({ length: 0x250 }, (_, i) => String.fromCodePoint(i + 1)).join('');
    expect(cdnPath('range', key, target())).toMatch(/^\/(?:[\w.~/-]|%[\dA-F]{2})+$/);
  });

  test('of a bucket whose versions are suspended does not trust the version null, which is replaced', () => {
    expect(cdnPath('range', 'a', target({ version: 'null' }))).toBe('/.rangeway/object/range/abc/-/-/a');
  });

  test.each([
    ['no entity tag', { etag: undefined }],
    ['a weak entity tag', { etag: { weak: true, opaque: 'abc' } }],
    ['an empty entity tag', { etag: { weak: false, opaque: '' } }],
    ['more bytes than CloudFront sends', { size: 50 * GB + 1 }],
  ] as const)('does not exist with %s', (_, representation) => {
    expect(cdnPath('range', 'a', target(representation))).toBeUndefined();
  });

  test('is short enough for CloudFront, which takes addresses of 8,192 bytes, with the longest key and name', () => {
    const key = 'ü'.repeat(512);
    const names = [key, '\u{1f600}'.repeat(255), '漢'.repeat(341), '%"'.repeat(500)];
    for (const name of names) {
      const disposition = contentDisposition('attachment', name);
      const etag = { weak: false, opaque: `${'0'.repeat(32)}-10000` };
      const path = cdnPath('range', key, { ...target({ etag, version: '/'.repeat(64) }), disposition });
      // The rest is for the host and the signature.
      expect(path?.length).toBeLessThan(7_000);
    }
  });
});

describe('a signed address', () => {
  test('has the signature of a canned policy over scheme, host, path and end', () => {
    const key = parseCdnKey('RANGEWAY_CDN_KEY', 'K2JCJMDEHXQW5F', PEM);
    const address = signCdnPath(key, 'd1.cloudfront.net', '/.rangeway/object/range/abc/-/-/a%20b', 1_767_290_400);
    const { pathname, searchParams } = new URL(address, 'https://d1.cloudfront.net');
    expect(pathname).toBe('/.rangeway/object/range/abc/-/-/a%20b');
    const { Signature: signature = '', ...others } = Object.fromEntries(searchParams);
    expect(others).toEqual({ Expires: '1767290400', 'Key-Pair-Id': 'K2JCJMDEHXQW5F', 'Hash-Algorithm': 'SHA256' });
    expect(signature).toMatch(/^[A-Za-z\d~_-]+$/);
    const policy =
      '{"Statement":[{"Resource":"https://d1.cloudfront.net/.rangeway/object/range/abc/-/-/a%20b",' +
      '"Condition":{"DateLessThan":{"AWS:EpochTime":1767290400}}}]}';
    const bytes = Buffer.from(signature.replaceAll('-', '+').replaceAll('_', '=').replaceAll('~', '/'), 'base64');
    expect(
      verify(
        'sha256',
        Buffer.from(policy),
        createPublicKey(pair.publicKey.export({ type: 'spki', format: 'pem' })),
        bytes,
      ),
    ).toBe(true);
  });

  test('can be made with a key of RSA too', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = parseCdnKey('RANGEWAY_CDN_KEY', 'K1', toPem(rsa.privateKey));
    expect(signCdnPath(key, 'h', '/p', 1)).toMatch(/Signature=[\w~-]{344}&/);
  });
});

test.each([
  ['', 'no key'],
  ['random password', 'no PEM'],
  [PEM.slice(0, -60), 'half a key'],
  [String(pair.publicKey.export({ type: 'spki', format: 'pem' })), 'a public key'],
  [toPem(generateKeyPairSync('ed25519').privateKey), 'Ed25519'],
  [toPem(generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey), 'P-384'],
  [toPem(generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey), 'RSA of 3072 bits'],
])('a secret that is no key of CloudFront is refused without its text: %#, %s', (text) => {
  const message = 'RANGEWAY_CDN_KEY is to hold a private key in PEM, of ECDSA on P-256 or of RSA with 2048 bits';
  expect(() => parseCdnKey('RANGEWAY_CDN_KEY', 'K1', text)).toThrow(message);
});
