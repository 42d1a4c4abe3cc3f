import { expect, test } from 'vitest';
import { refused, type AccessRequest } from '../../src/access/access.ts';
import { signedAccess, toRefusalResponse, type Refused } from '../../src/access/index.ts';
import {
  badLinks,
  CLIENT,
  early,
  folder,
  forged,
  full,
  others,
  plain,
  plainText,
  signature,
  swap,
  type Row,
} from './rejected-links.ts';
import { KEYS } from './links.ts';
import { NOW, requestFor } from './request.ts';

test('the table has enough rows', () => {
  expect(badLinks.length).toBeGreaterThanOrEqual(80);
  expect(new Set(badLinks.map(([name]) => name)).size).toBe(badLinks.length);
});

test('the links from which the rows are derived are valid', async () => {
  const good: readonly Row[] = [
    ['plain', plain],
    ['folder', folder.replace('/files/?', '/files/b/c.bin?')],
    ['full', full, CLIENT],
    ['forged as it should be', forged('/files/a.bin', others, plainText('/files/a.bin'))],
  ];
  for (const [name, url, fields] of good) {
    const verdict = await signedAccess(KEYS)(requestFor(url, {}, fields));
    expect([name, verdict.type]).toEqual([name, 'granted']);
  }
});

test.for(badLinks)('%s', async ([, url, fields]) => {
  const verdict = await signedAccess(KEYS)(requestFor(url, {}, fields));
  // The same verdict, and so the same response, for each reason.
  expect(verdict).toEqual(refused('forbidden'));
  expect(toRefusalResponse(forbidden(verdict))).toEqual({
    status: 403,
    detail: 'This request may not read here.',
    fields: [],
  });
});

const timed: readonly (readonly [name: string, url: string, others: Partial<AccessRequest>, reason: string])[] = [
  ['the first second after', plain, { now: NOW + 3600 }, 'expired'],
  ['long after', plain, { now: NOW + 1_000_000_000 }, 'expired'],
  ['the last second before', early, { now: NOW }, 'not-yet'],
  ['after, with another signature', plain.replace(signature, swap(signature, 0)), { now: NOW + 3600 }, 'forbidden'],
  ['after, with another key', plain.replace('kid=k1', 'kid=k2'), { now: NOW + 3600 }, 'forbidden'],
  ['after, of another file', plain.replace('a.bin', 'b.bin'), { now: NOW + 3600 }, 'forbidden'],
  ['after, by another client', full, { now: NOW + 3600, clientAddress: '::1' }, 'forbidden'],
  ['after, beside the prefix', folder.replace('/files/?', '/b?'), { now: NOW + 3600 }, 'forbidden'],
  ['after, by another method', plain, { now: NOW + 3600, method: 'PUT' }, 'forbidden'],
  ['before, with another signature', early.replace('sig=1.', 'sig=1.A'), { now: NOW }, 'forbidden'],
];

test.for(timed)(
  'expired or not yet valid is reported only for a link that is valid in all other respects: %s',
  async ([, url, fields, reason]) => {
    expect(await signedAccess(KEYS)(requestFor(url, {}, fields))).toEqual({ type: 'refused', reason });
  },
);

test('each bit of each character after the path is signed', async () => {
  const start = full.indexOf('?') + 1;
  for (let i = start; i < full.length; i++) {
    for (let bit = 0; bit < 7; bit++) {
      const char = String.fromCharCode(full.charCodeAt(i) ^ (1 << bit));
      const query = full.slice(start, i) + char + full.slice(i + 1);
      const verdict = await signedAccess(KEYS)(requestFor('/files/a.bin', {}, { ...CLIENT, query }));
      expect([query, verdict]).toEqual([query, refused('forbidden')]);
    }
  }
});

function forbidden(verdict: Awaited<ReturnType<ReturnType<typeof signedAccess>>>): Refused {
  if (verdict.type === 'granted') throw new Error('granted');
  return verdict;
}
