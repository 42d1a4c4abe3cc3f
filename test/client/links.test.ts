import { describe, expect, test } from 'vitest';
import { linkedAddress } from '../../src/client/links.ts';

const TYPE = 'type="application/vnd.rangeway.pieces"';
const WANTED = { rel: 'describedby', type: 'application/vnd.rangeway.pieces' };
const address = (link: string | null) =>
  linkedAddress({ get: () => link }, 'https://files.example/a/b.bin?x=1', WANTED);

describe('the target of a link', () => {
  test.each([
    [`</a/b.bin?pieces>; rel="describedby"; ${TYPE}`, 'https://files.example/a/b.bin?pieces'],
    [`<?rgw-sig=a,b&pieces>; rel=describedby; ${TYPE}`, 'https://files.example/a/b.bin?rgw-sig=a,b&pieces'],
    [`<https://other.example/i>;${TYPE};rel=describedby`, 'https://other.example/i'],
    [`<i>; rel="next describedby"; title="a, b"; ${TYPE}`, 'https://files.example/a/i'],
    [`<i>; Rel=DescribedBy; TYPE="application/vnd.rangeway.pieces"`, 'https://files.example/a/i'],
    [`</c>; rel="next", </d?pieces>; rel="describedby"; ${TYPE}`, 'https://files.example/d?pieces'],
    [
      `</d?meta4>; rel=describedby; type="application/metalink4+xml", </e>; rel=describedby; ${TYPE}`,
      'https://files.example/e',
    ],
  ])('of %s', (link, expected) => expect(address(link)).toBe(expected));

  test.each([
    null,
    '',
    `</d?pieces>; rel="next"; ${TYPE}`,
    '</d?meta4>; rel=describedby; type="application/metalink4+xml"',
    `<file:///etc/passwd>; rel=describedby; ${TYPE}`,
    `<javascript:alert(1)>; rel=describedby; ${TYPE}`,
    `</d>; rel="describedby"; type="application/vnd.rangeway.pieces2"`,
    `</d>; xrel="describedby"; ${TYPE}`,
    `</d; rel=describedby; ${TYPE}`,
    `${'</x>; rel=next, '.repeat(2_000)}</d>; rel=describedby; ${TYPE}`,
  ])('is none in %s', (link) => expect(address(link)).toBeUndefined());
});
