import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LINK_PARAMETERS } from '../../src/access/link-parameters.ts';
import {
  ANSWER_FIELDS,
  ANSWER_PARAMETERS,
  answerKey,
  answerUrl,
  hasParameter,
  linkParameters,
  repeatableQuery,
} from '../../src/http/answer-inputs.ts';

const ROOT = join(import.meta.dirname, '../..');

describe('the key of a cache', () => {
  test('has ?download alone for public mounts', () => {
    expect(answerKey()).toEqual({ parameters: ['download'], fields: [] });
  });

  test('has every parameter of a link if a mount is signed', () => {
    const { parameters } = answerKey({ hasLinks: true });
    // Without transfers, links with a quota are refused, and refusals are not stored.
    expect(parameters).toEqual([
      'download',
      ...LINK_PARAMETERS.filter((name) => !/downloads|bytes|connections/.test(name)),
    ]);
    const counted = answerKey({ hasLinks: true, hasTransfers: true });
    expect(counted.parameters).toEqual(['download', 'transfer', ...LINK_PARAMETERS]);
  });

  test('has the parameters of listings if a mount lists folders, and Accept if it does so as pages', () => {
    const listed = ['download', 'format', 'sort', 'order', 'search', 'cursor', 'limit'];
    expect(answerKey({ hasListings: true })).toEqual({ parameters: listed, fields: [] });
    expect(answerKey({ hasListings: true, hasPages: true })).toEqual({ parameters: listed, fields: ['Accept'] });
    const all = answerKey({ hasListings: true, hasPieces: true, hasTransfers: true, hasLinks: true }).parameters;
    expect(answerKey({ hasPieces: true }).parameters).toEqual(['download', 'pieces', 'meta4']);
    expect(all).toEqual(Object.keys(ANSWER_PARAMETERS));
  });

  test.each([
    ['listsOrigins', 'Origin'],
    ['listsReferers', 'Referer'],
    ['hasHosts', 'Host'],
  ] as const)('has the field that %s depends on', (name, field) => {
    expect(answerKey({ [name]: true })).toEqual({ parameters: ['download'], fields: [field] });
  });

  test('never has a field that a cache evaluates itself, that is secret, or that differs for each client', () => {
    const all = answerKey({ hasLinks: true, listsOrigins: true, listsReferers: true, hasHosts: true }).fields;
    expect(all.map((name) => ANSWER_FIELDS[name])).toEqual(['origins', 'referers', 'host']);
  });
});

test.each([
  ['https://a.example/b?utm_source=x&download', 'https://a.example/b?download='],
  ['https://a.example/b', 'https://a.example/b'],
  ['https://a.example/b?#part', 'https://a.example/b'],
  ['https://a.example/%2F%20b?x=1&rgw-sig=1', 'https://a.example/%2F%20b'],
  ['https://a.example/b??download', 'https://a.example/b'],
])('answerUrl(%s) is %s', (url, key) => {
  expect(answerUrl(url).href).toBe(key);
});

test('answerUrl keeps the link, each value of it, and one order', () => {
  const key = answerKey({ hasLinks: true });
  expect(answerUrl('https://a.example/b?rgw-sig=2&rgw-exp=1&x&rgw-sig=3&download=1', key).search).toBe(
    '?download=1&rgw-exp=1&rgw-sig=2&rgw-sig=3',
  );
});

test('a parameter is found by its decoded name, with or without a value', () => {
  expect(['download', 'x=1&download=0', 'down%6Coad', '&&download=&'].map((query) => hasParameter(query, 'download'))) //
    .toEqual([true, true, true, true]);
  expect(['', '?download', 'Download', 'x=download'].map((query) => hasParameter(query, 'download'))) //
    .toEqual([false, false, false, false]);
});

test.each([
  ['x=1&download&token=y', true, 'x=1&download&token=y'],
  ['x=1&down%6coad=1&token=y', false, 'download'],
  ['token=y', false, ''],
  ['', false, ''],
] as const)('of the query %j a response that is private (%j) repeats %j', (query, isPrivate, repeated) => {
  expect(repeatableQuery(query, isPrivate)).toBe(repeated);
});

test('parameters of links are found, those that do not exist too', () => {
  expect(linkParameters('x=1&rgw-exp=%31&rgw-new&RGW-sig=1')).toEqual([
    ['rgw-exp', '1'],
    ['rgw-new', ''],
  ]);
});

test('no rule and no part of the gateway parses a query itself', () => {
  // The scripts of pages run in browsers.
  const files = globSync('src/{gateway,access,listing,digests}/**/*.{ts,tsx}', { cwd: ROOT }).filter(
    (path) => !path.endsWith('-script.ts'),
  );
  const parsing = files.filter((path) => /URLSearchParams|searchParams/.test(readFileSync(join(ROOT, path), 'utf8')));
  expect(parsing.toSorted()).toEqual([
    // Make links and remove them, and answer no request.
    'src/access/link-parameters.ts',
    'src/access/sign-link.ts',
    // Repeats the query in the links of a private page.
    'src/gateway/handlers/listing.ts',
    // Answers the operator alone, below `/.rangeway/`, and nothing of it is stored.
    'src/gateway/handlers/transfers.ts',
    // Prints that query.
    'src/listing/print-html.ts',
  ]);
});
