import fc from 'fast-check';
import { expect, test } from 'vitest';
import { signLink, verifyLink, type LinkTerms } from '../../src/access/index.ts';
import { LINK_FIELDS, signedText, termsToTexts } from '../../src/access/link-terms.ts';
import { decodeAccessPath } from '../../src/access/path.ts';
import { holds, holdsAsync } from '../property-runs.ts';
import { KEYS } from './links.ts';

const segment = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 6 })
  .filter((text) => !/[/\\]|^\.\.?$/.test(text) && decodeAccessPath(`/${encodeURIComponent(text)}`) !== undefined);
const folders = fc.array(segment, { maxLength: 3 });
const time = fc.nat(2_000_000_000);

/** A prefix, a path below it, and terms that are valid for a client and a time. */
const signed = fc
  .record({
    folders,
    below: fc.array(segment, { minLength: 1, maxLength: 2 }),
    hasPrefix: fc.boolean(),
    now: time,
    life: fc.integer({ min: 1, max: 1_000_000 }),
    age: fc.option(fc.nat(1000), { nil: undefined }),
    client: fc.oneof(fc.ipV4(), fc.ipV6()),
    isBound: fc.boolean(),
    downloadId: fc.option(fc.stringMatching(/^[\w.~-]{1,64}$/), { nil: undefined }),
    fileName: fc.option(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((text) => !/\p{Cc}/u.test(text)),
      {
        nil: undefined,
      },
    ),
    maxBytesPerSecond: fc.option(fc.integer({ min: 1, max: 999_999_999_999 }), { nil: undefined }),
  })
  .map((facts) => {
    const prefix = `/${facts.folders.map((one) => `${one}/`).join('')}`;
    const terms: LinkTerms = {
      expires: facts.now + facts.life,
      notBefore: facts.age === undefined ? undefined : Math.max(0, facts.now - facts.age),
      prefix: facts.hasPrefix ? prefix : undefined,
      clientAddress: facts.isBound ? facts.client : undefined,
      downloadId: facts.downloadId,
      fileName: facts.fileName,
      maxBytesPerSecond: facts.maxBytesPerSecond,
    };
    const path = prefix + facts.below.join('/');
    const url = `https://files.example${path.split('/').map(encodeURIComponent).join('/')}`;
    return { path, url, terms, use: { now: facts.now, clientAddress: facts.client } };
  });

test('a signed link is valid, and has the terms that were signed', async () => {
  await holdsAsync(
    fc.asyncProperty(signed, async ({ url, terms, use }) => {
      const link = await signLink(url, terms, KEYS[0]);
      expect(await verifyLink(link, use, KEYS)).toEqual({ type: 'valid', terms });
    }),
  );
});

test('a link with any bit of its query changed is refused', async () => {
  await holdsAsync(
    fc.asyncProperty(signed, fc.nat(), fc.nat(6), async ({ url, terms, use }, where, bit) => {
      const link = await signLink(url, terms, KEYS[0]);
      const start = link.indexOf('?') + 1;
      const at = start + (where % (link.length - start));
      const char = String.fromCharCode(link.charCodeAt(at) ^ (1 << bit));
      const changed = link.slice(0, at) + char + link.slice(at + 1);
      const isSame = sameParameters(new URL(changed).searchParams, new URL(link).searchParams);
      const verdict = await verifyLink(changed, use, KEYS);
      // `%2f` is `%2F`: another spelling of the same text.
      expect(verdict).toEqual(isSame ? { type: 'valid', terms } : { type: 'refused', reason: 'forbidden' });
    }),
  );
});

function sameParameters(one: URLSearchParams, other: URLSearchParams): boolean {
  return JSON.stringify([...one]) === JSON.stringify([...other]);
}

test('a link with any bit of its path changed is refused, unless the path is still below its prefix', async () => {
  await holdsAsync(
    fc.asyncProperty(signed, fc.nat(), fc.nat(6), async ({ url, path, terms, use }, where, bit) => {
      const link = new URL(await signLink(url, terms, KEYS[0]));
      const at = 1 + (where % (link.pathname.length - 1));
      const char = String.fromCharCode(link.pathname.charCodeAt(at) ^ (1 << bit));
      link.pathname = link.pathname.slice(0, at) + char + link.pathname.slice(at + 1);
      const changed = decodeAccessPath(link.pathname);
      const isOpen = changed === path || (terms.prefix !== undefined && changed?.startsWith(terms.prefix) === true);
      expect((await verifyLink(link, use, KEYS)).type).toBe(isOpen ? 'valid' : 'refused');
    }),
  );
});

test('different terms have different signed texts, so no signature is valid for two of them', () => {
  const facts = fc.tuple(
    signed.map(({ path }) => path),
    signed.map(({ terms }) => termsToTexts('k1', terms)),
  );
  holds(
    fc.property(facts, facts, ([onePath, one], [otherPath, other]) => {
      const subject = (path: string, prefix: string | undefined) => (prefix === undefined ? path : '');
      const isSame =
        LINK_FIELDS.every((field) => one[field] === other[field]) &&
        subject(onePath, one.prefix) === subject(otherPath, other.prefix);
      expect(signedText(onePath, one) === signedText(otherPath, other)).toBe(isSame);
    }),
  );
});

test('any unsigned query is refused without throwing', async () => {
  const word = fc.oneof(
    fc.constantFrom(
      'rgw-',
      'kid',
      'exp',
      'sig',
      'ip',
      'prefix',
      '=',
      '&',
      '1.',
      'k1',
      '%',
      '%f',
      '?',
      '#',
      '+',
      '/',
      '1800',
    ),
    fc.string({ unit: 'binary', maxLength: 4 }),
  );
  await holdsAsync(
    fc.asyncProperty(fc.array(word, { maxLength: 20 }), async (words) => {
      const url = new URL('https://files.example/a');
      url.search = words.join('');
      expect(await verifyLink(url, { now: 0 }, KEYS)).toEqual({ type: 'refused', reason: 'forbidden' });
    }),
  );
});
