import { createHmac } from 'node:crypto';
import type { AccessRequest } from '../../src/access/access.ts';
import { link } from './links.ts';
import { NOW } from './request.ts';

export const plain = await link('/files/a.bin');
export const early = await link('/files/a.bin', { notBefore: NOW + 1 });
export const folder = await link('/files/', { prefix: '/files/' });
export const full = await link('/files/a.bin', {
  notBefore: NOW - 10,
  prefix: '/files/',
  clientAddress: '203.0.113.0/24',
  downloadId: 'd-1',
  fileName: 'a.bin',
  maxBytesPerSecond: 1000,
});
export const CLIENT = { clientAddress: '203.0.113.7' };
export const signature = plain.slice(plain.indexOf('rgw-sig=1.') + 'rgw-sig=1.'.length);
export const others = 'rgw-kid=k1&rgw-exp=1800003600';

/** A link with a valid signature over a text that this library would not sign. */
export function forged(path: string, parameters: string, text: string): string {
  const secret = Buffer.from(Array.from({ length: 32 }, (_, i) => i));
  return `${path}?${parameters}&rgw-sig=1.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

function linesOf(...lines: readonly string[]): string {
  return ['rangeway-link-1', 'method=read', ...lines].join('\n');
}

/** The signed text of a link with a path, a key id and an expiry. */
export function plainText(path: string, kid = 'k1', exp = '1800003600'): string {
  return linesOf(`path=${path}`, `kid=${kid}`, `exp=${exp}`, 'nbf=', 'prefix=', 'ip=', 'id=', 'name=', 'rate=');
}

/** The fault, the URL, and other fields of the request; `path` is sent unchanged. */
export type Row = readonly [name: string, url: string, others?: Partial<AccessRequest>];

/** Invalid links, each with one fault. */
export const badLinks: readonly Row[] = [
  // No link, or an incomplete one.
  ['no parameter', '/files/a.bin'],
  ['other parameters only', '/files/a.bin?exp=1800003600&sig=x'],
  ['the signature alone', `/files/a.bin?rgw-sig=1.${signature}`],
  ['no signature', `/files/a.bin?${others}`],
  ['no key id', plain.replace('rgw-kid=k1&', '')],
  ['no expiry', plain.replace('rgw-exp=1800003600&', '')],
  ['no expiry, and signed so', forged('/files/a.bin', 'rgw-kid=k1', plainText('/files/a.bin', 'k1', ''))],
  [
    'an empty expiry, and signed so',
    forged('/files/a.bin', 'rgw-kid=k1&rgw-exp=', plainText('/files/a.bin', 'k1', '')),
  ],
  ['cut behind the signature’s name', `/files/a.bin?${others}&rgw-sig=`],
  ['cut behind the version', `/files/a.bin?${others}&rgw-sig=1.`],
  ['a character cut off', plain.slice(0, -1)],
  ['four characters cut off', plain.slice(0, -4)],
  ['a character added', `${plain}A`],
  ['four characters added', `${plain}AAAA`],
  // The signature.
  ['its first bit', `/files/a.bin?${others}&rgw-sig=1.${swap(signature, 0)}`],
  ['its last whole character', `/files/a.bin?${others}&rgw-sig=1.${swap(signature, 41)}`],
  ['bits of its last character that stand for nothing', `/files/a.bin?${others}&rgw-sig=1.${bump(signature)}`],
  ['all zeros', `/files/a.bin?${others}&rgw-sig=1.${'A'.repeat(43)}`],
  ['padding', `${plain}=`],
  ['encoded padding', `${plain}%3D`],
  ['base64 instead of base64url', `/files/a.bin?${others}&rgw-sig=1.${'+/'.repeat(21)}A`],
  ['hexadecimal', `/files/a.bin?${others}&rgw-sig=1.${Buffer.from(signature, 'base64url').toString('hex')}`],
  ['another version', plain.replace('sig=1.', 'sig=2.')],
  ['no version', plain.replace('sig=1.', 'sig=')],
  ['a version with a zero', plain.replace('sig=1.', 'sig=01.')],
  ['a space before it', plain.replace('sig=1.', 'sig=%201.')],
  ['a space after it', `${plain}%20`],
  ['a line feed after it', `${plain}%0A`],
  ['NUL after it', `${plain}%00`],
  ['in capitals', plain.replace(signature, signature.toUpperCase())],
  ['with a look-alike of its version', plain.replace('sig=1.', 'sig=１.')],
  ['of another text: SHA-256 without a key', forgedHash()],
  ['of another path', plain.replace(signature, (await link('/files/b.bin')).slice(-43))],
  // The path.
  ['another file', plain.replace('a.bin', 'b.bin')],
  ['another folder', plain.replace('/files/', '/other/')],
  ['the folder', plain.replace('a.bin', '')],
  ['a file below', plain.replace('a.bin', 'a.bin/b')],
  ['a slash more at the end', plain.replace('a.bin', 'a.bin/')],
  ['two slashes', plain.replace('/files/', '/files//')],
  ['two slashes at the front', `/${plain}`, { path: '//files/a.bin' }],
  ['another case', plain.replace('a.bin', 'A.bin')],
  ['an encoded slash', plain.replace('/files/', '/files%2F')],
  ['an encoded slash in lower case', plain.replace('/files/', '/files%2f')],
  ['the path encoded twice', plain.replace('a.bin', '%2561.bin')],
  ['a dot segment', plain, { path: '/files/./a.bin' }],
  ['a parent segment', plain, { path: '/other/../files/a.bin' }],
  ['an encoded parent segment', plain, { path: '/other/%2e%2e/files/a.bin' }],
  ['a hidden parent segment', plain, { path: '/other%2f..%2ffiles/a.bin' }],
  ['a backslash for a slash', plain, { path: '/files%5Ca.bin' }],
  ['a look-alike of its letter', plain, { path: '/files/%D0%B0.bin' }],
  ['a full-width letter', plain, { path: '/files/%EF%BD%81.bin' }],
  ['a combining mark more', plain, { path: '/files/a%CC%88.bin' }],
  ['an invisible character more', plain, { path: '/files/a%E2%80%8B.bin' }],
  ['NUL at the end', plain, { path: '/files/a.bin%00' }],
  ['a parameter in the path', plain, { path: '/files/a.bin;x' }],
  ['an overlong encoding', plain, { path: '/files%c0%afa.bin' }],
  ['a broken encoding', plain, { path: '/files/a.bin%' }],
  ['no slash at the front', plain, { path: 'files/a.bin' }],
  ['an empty path', plain, { path: '' }],
  ['a query in the path', plain, { path: '/files/a.bin?' }],
  ['a path without end', plain, { path: `/files/${'a/'.repeat(50_000)}` }],
  ['a path with a line feed, and signed so', forged('/files/a%0Ab', others, plainText('/files/a\nb'))],
  [
    'a path that brings lines of its own, and signed so',
    forged('/x%0Akid=k1', 'rgw-kid=k1&rgw-exp=1800003600', plainText('/x\nkid=k1')),
  ],
  // The method.
  ['PUT', plain, { method: 'PUT' }],
  ['DELETE', plain, { method: 'DELETE' }],
  ['POST', plain, { method: 'POST' }],
  ['a method in lower case', plain, { method: 'get' }],
  ['no method', plain, { method: '' }],
  // The terms.
  ['a later expiry', plain.replace('1800003600', '1800003601')],
  ['an earlier expiry', plain.replace('1800003600', '1800003599')],
  ['a digit more', plain.replace('1800003600', '18000036000')],
  ['a zero in front', plain.replace('=1800003600', '=01800003600')],
  [
    'a zero in front, and signed so',
    forged('/files/a.bin', 'rgw-kid=k1&rgw-exp=01800003600', plainText('/files/a.bin', 'k1', '01800003600')),
  ],
  ['a plus in front', plain.replace('=1800003600', '=%2B1800003600')],
  ['a space in front', plain.replace('=1800003600', '=+1800003600')],
  ['a fraction', plain.replace('1800003600', '1800003600.0')],
  ['an exponent', plain.replace('1800003600', '18000036e2')],
  ['a negative expiry', plain.replace('=1800003600', '=-1')],
  ['digits of another script', plain.replace('1800003600', '١٨٠٠٠٠٣٦٠٠')],
  ['an expiry without end', plain.replace('1800003600', '9'.repeat(400))],
  ['Infinity', plain.replace('1800003600', 'Infinity')],
  ['an unknown key', plain.replace('kid=k1', 'kid=k3')],
  ['another key', plain.replace('kid=k1', 'kid=k2')],
  ['an empty key id', plain.replace('kid=k1', 'kid=')],
  ['a key id that objects have', plain.replace('kid=k1', 'kid=__proto__')],
  ['a key id with a look-alike', plain.replace('kid=k1', 'kid=к1')],
  ['a key id in capitals', plain.replace('kid=k1', 'kid=K1')],
  ['a key id without end', plain.replace('kid=k1', `kid=${'k'.repeat(5000)}`)],
  ['a start that was not signed', `${plain}&rgw-nbf=1`],
  ['an address that was not signed', `${plain}&rgw-ip=203.0.113.7`, CLIENT],
  ['a file name that was not signed', `${plain}&rgw-name=x.exe`],
  ['a rate that was not signed', `${plain}&rgw-rate=1`],
  ['a prefix that was not signed', `${plain}&rgw-prefix=/files/`],
  ['the start left out', full.replace('rgw-nbf=1799999990&', ''), CLIENT],
  ['the address left out', full.replace('rgw-ip=203.0.113.0/24&', ''), CLIENT],
  ['the prefix left out', full.replace('rgw-prefix=/files/&', ''), CLIENT],
  ['the rate left out', full.replace('rgw-rate=1000&', ''), CLIENT],
  ['a wider prefix', full.replace('rgw-prefix=/files/', 'rgw-prefix=/'), CLIENT],
  ['a wider block', full.replace('203.0.113.0/24', '203.0.113.0/0'), CLIENT],
  ['another file name', full.replace('rgw-name=a.bin', 'rgw-name=a.exe'), CLIENT],
  ['another download', full.replace('rgw-id=d-1', 'rgw-id=d-2'), CLIENT],
  ['a higher rate', full.replace('rgw-rate=1000', 'rgw-rate=9000'), CLIENT],
  ['a client outside the block', full, { clientAddress: '203.0.114.7' }],
  ['a client of whom no address is known', full],
  ['a client whose address is none', full, { clientAddress: 'unknown' }],
  // The prefix.
  ['beside the prefix', folder.replace('/files/?', '/other/a.bin?')],
  ['a name that begins like the prefix', folder.replace('/files/?', '/files-2/a.bin?')],
  ['the prefix without its slash', folder.replace('/files/?', '/files?')],
  ['out of the prefix', folder, { path: '/files/%2e%2e/a.bin' }],
  ['out of the prefix by an encoded slash', folder, { path: '/files/..%2fa.bin' }],
  ['out of the prefix by a backslash', folder, { path: String.raw`/files/..\a.bin` }],
  ['the prefix in another case', folder.replace('/files/?', '/Files/a.bin?')],
  [
    'a prefix without a slash at its end, and signed so',
    forged(
      '/files/a.bin',
      `${others}&rgw-prefix=/fil`,
      linesOf('path=', 'kid=k1', 'exp=1800003600', 'nbf=', 'prefix=/fil', 'ip=', 'id=', 'name=', 'rate='),
    ),
  ],
  // The query.
  ['the key id twice', `${plain}&rgw-kid=k1`],
  ['the expiry twice, the later one behind', `${plain}&rgw-exp=9999999999`],
  ['the expiry twice, the later one in front', plain.replace('?', '?rgw-exp=9999999999&')],
  ['the signature twice', `${plain}&rgw-sig=1.${signature}`],
  ['a parameter twice, once encoded', `${plain}&%72gw-kid=k1`],
  ['a parameter that there is not', `${plain}&rgw-x=1`],
  ['a parameter that objects have', `${plain}&rgw-__proto__=1`],
  ['a parameter without a name', `${plain}&rgw-=1`],
  ['an empty parameter', `${plain}&rgw-ip=`],
  ['a name in capitals', plain.replace('rgw-exp', 'RGW-EXP')],
  ['a name with a look-alike', plain.replace('rgw-exp', 'rgw-еxp')],
  ['a name with a space', plain.replace('rgw-exp', '+rgw-exp')],
  ['a list', plain.replace('rgw-exp=', 'rgw-exp[]=')],
  ['semicolons for ampersands', plain.replaceAll('&', ';')],
  ['encoded ampersands', plain.replaceAll('&', '%26')],
  ['two question marks', plain.replace('?', '??')],
  ['a query without end', `${plain}&x=${'a'.repeat(8192)}`],
  [
    'the fields in header lines instead',
    '/files/a.bin',
    { headers: new Headers({ 'rgw-kid': 'k1', 'rgw-sig': signature }) },
  ],
];

/** Another character of base64url. */
export function swap(base64: string, at: number): string {
  return base64.slice(0, at) + (base64[at] === 'A' ? 'B' : 'A') + base64.slice(at + 1);
}

/** Replaces the last character by the next one, which differs only in unused bits. */
function bump(base64: string): string {
  return base64.slice(0, -1) + String.fromCharCode(base64.charCodeAt(base64.length - 1) + 1);
}

function forgedHash(): string {
  const hash = createHmac('sha256', '').update(plainText('/files/a.bin')).digest('base64url');
  return `/files/a.bin?${others}&rgw-sig=1.${hash}`;
}
