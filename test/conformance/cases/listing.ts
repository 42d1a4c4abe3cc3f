import type { Case, Expect, HeaderLine } from '../case.ts';
import { problem, silently } from '../expected.ts';
import { fixtures } from '../fixtures.ts';

const HTML: readonly HeaderLine[] = [['Accept', 'text/html,application/xhtml+xml,*/*;q=0.8']];
const JSON_ONLY: readonly HeaderLine[] = [['Accept', 'application/json']];

/** In the order of their bytes, as storages have them. */
const sorted = (names: Iterable<string>): readonly string[] =>
  [...new Set(names)].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

const keys = fixtures.map(({ key }) => key);
const folders = sorted(keys.filter((key) => key.includes('/')).map((key) => `${key.split('/')[0]}/`));
const files = sorted(keys.filter((key) => !key.includes('/')));
const bySize = files.toSorted((a, b) => sizeOf(a) - sizeOf(b));

function sizeOf(name: string): number {
  return fixtures.find(({ key }) => key === name)?.bytes.length ?? 0;
}

/** 200 with these names in this order. */
const listed = (format: 'json' | 'html', names: readonly string[], headers: Expect['headers'] = {}): Expect => ({
  status: 200,
  headers: {
    'content-type': format === 'json' ? 'application/json' : 'text/html; charset=utf-8',
    'content-range': null,
    ...headers,
  },
  body: { type: 'entries', format, names },
});

const get = (name: string, target: string, expect: Expect, headers: readonly HeaderLine[] = JSON_ONLY): Case => ({
  name: `listing: ${name}`,
  target,
  headers,
  expect,
  isListing: true,
});

const refused = (query: string, target = `/?${query}`): Case =>
  get(`${query} is a mistake`, target, problem(400), JSON_ONLY);

const POLICY = /^default-src 'none'; style-src 'sha256-[^']+'; img-src data:;/u;

/** Cases of a gateway with `listing: "html"`. */
export const listingCases: readonly Case[] = [
  get('as JSON', '/', listed('json', [...folders, ...files], { vary: /\bAccept\b/u, link: null })),
  get('as a page', '/', listed('html', [...folders, ...files], { 'content-security-policy': POLICY }), HTML),
  get('as a page for programs', '/', listed('html', [...folders, ...files]), [['Accept', '*/*']]),
  get('as a page without Accept', '/', listed('html', [...folders, ...files]), []),
  get('by ?format=json', '/?format=json', listed('json', [...folders, ...files], { vary: null }), HTML),
  get('by ?format=html', '/?format=html', listed('html', [...folders, ...files], { vary: null }), JSON_ONLY),
  get('of a folder with a folder', '/deep/', listed('json', ['er/'])),
  get('of a folder in it', '/deep/er/', listed('json', ['file.txt'])),
  get('of a folder whose slash is encoded', '/deep%2Fer/', listed('json', ['file.txt'])),
  get('of a folder beyond ASCII', '/%C3%BCn%C3%AF/', listed('json', ['日本.txt'])),
  get('of a folder beyond ASCII, as a page', '/%C3%BCn%C3%AF/', listed('html', ['日本.txt']), HTML),
  get('with other parameters', '/deep/?a=b&download', listed('json', ['er/'])),
  get('in descending order', '/?order=desc', listed('json', [...folders.toReversed(), ...files.toReversed()])),
  get('in the order of sizes, smallest first', '/?sort=size', listed('json', [...folders, ...bySize])),
  get(
    'in the order of sizes, largest first',
    '/?sort=size&order=desc',
    listed('json', [...folders, ...bySize.toReversed()]),
  ),
  get('of names that begin with a text', '/?search=with', listed('json', ['with space.txt'])),
  get('of names that begin with a plus sign', '/?search=plus%2B', listed('json', ['plus+sign.txt'])),
  get('of names that begin with a percent sign', '/?search=percent%25', listed('json', ['percent%.txt'])),
  get('of names that begin with quotation marks', '/?search=quote%27%22', listed('html', ['quote\'"s.txt']), HTML),
  get('of names that begin with markup', '/?search=%3Cscript%3E', listed('html', []), HTML),
  get('of names that begin with bytes that are no UTF-8', '/?search=%FF', listed('json', [])),
  get('of the first of two searches', '/?search=with&search=plus', listed('json', ['with space.txt'])),
  get('of one page', '/?limit=1', {
    status: 200,
    headers: { link: /^<\?limit=1&cursor=[\w-]+>; rel="next"$/u },
  }),
  { ...get('by HEAD', '/', silently(200)), method: 'HEAD' },
  { ...get('by POST', '/deep/', problem(405), [['Content-Length', '0']]), method: 'POST' },
  get('that is known already', '/', { status: 304, body: { type: 'empty' } }, [['If-None-Match', '*']]),
  get('of another version', '/', problem(412), [['If-Match', '"other"']]),
  get('of two bytes', '/?format=json', { status: 206, headers: { 'content-range': /^bytes 0-1\/\d+$/u } }, [
    ['Range', 'bytes=0-1'],
  ]),
  get('without its slash', '/deep', { status: 308, headers: { location: './deep/' }, body: { type: 'empty' } }),
  get('without its slash, with a query', '/deep/er?a=b', { status: 308, headers: { location: './er/?a=b' } }),
  get('of a folder that is missing', '/nothing/', problem(404)),
  get('of a folder that is missing, without its slash', '/nothing', problem(404)),
  get('of an object as a folder', '/digits.txt/', problem(404)),
  get('of the beginning of a name', '/dee/', problem(404)),
  get('of two slashes', '//', problem(404)),
  get('of the folder of the gateway', '/.rangeway/', problem(404)),
  get('of a folder with a control character', '/a%0Ab/', problem(404)),
  get('of a folder with half a character', '/%ED%A0%80/', problem([400, 404])),
  get('of a folder of bytes that are no UTF-8', '/%FF/', problem([400, 404])),
  get('of a folder with NUL', '/%00/', problem([400, 404])),
  get('of a folder above', '/deep/%2e%2e%2f/', problem([400, 404])),
  get('of a folder that is longer than a key', `/${'x'.repeat(1_200)}/`, problem([400, 404])),
  get('with a search that is longer than a key', `/?search=${'x'.repeat(1_030)}`, problem(400)),
  // The parser of the platform may refuse so long a target.
  {
    ...get('with 7,000 parameters', `/deep/?${'a&'.repeat(7_000)}`, { status: [200, 414] }),
    refusedByParser: [414, 431],
  },
  {
    ...get('with 10,000 parameters', `/deep/?${'b=1&'.repeat(10_000)}`, { status: [200, 414] }),
    refusedByParser: [400, 414, 431],
  },
  refused('format=xml'),
  refused('format='),
  refused('sort=type'),
  refused('sort=constructor'),
  refused('order=up'),
  refused('limit=0'),
  refused('limit=-1'),
  refused('limit=1001'),
  refused('limit=1e3'),
  refused('limit=%D9%A1'),
  refused('search=a%2Fb'),
  refused('search=%00'),
  refused('cursor='),
  refused('cursor=AAAA'),
  refused('cursor=%00'),
  refused(`cursor=${'A'.repeat(64)}`),
  refused(`cursor=${'A'.repeat(9_000)}`),
];
