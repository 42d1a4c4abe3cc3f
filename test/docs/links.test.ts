import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../examples/entries.ts';
import { readPages, type Page } from '../examples/pages.ts';
import { anchorsOf, externalFault, linksOf, type Link } from './links.ts';

const isOurs = (name: string) => name !== 'node_modules' && name !== 'dist' && name !== 'cdk.out';
const read = (path: string): Page => ({ path, text: readFileSync(join(ROOT, path), 'utf8') });

/** All pages, and the READMEs of the examples and of other folders. */
const pages = [
  ...(await readPages()),
  ...globSync('{examples,bench,infra,test}/**/*.md', { cwd: ROOT, exclude: (name) => !isOurs(name) }).map(read),
];
const links = pages.flatMap(linksOf);
const isExternal = ({ target }: Link) => /^[a-z][a-z\d+.-]*:/i.test(target);

/** Says why a link to a file of the checkout leads nowhere. */
function faultOf({ place, target }: Link): string | undefined {
  const [page = ''] = place.split(':');
  const [path = '', anchor] = decodeURI(target).split('#');
  const file = path === '' ? page : join(dirname(page), path);
  if (file.startsWith('..')) return 'it leads out of the checkout';
  if (!existsSync(join(ROOT, file))) return `there is no ${file}`;
  if (anchor === undefined || !file.endsWith('.md')) return undefined;
  return anchorsOf(read(file).text).has(anchor) ? undefined : `${file} has no heading "${anchor}"`;
}

const failures = (all: readonly Link[], fault: (link: Link) => string | undefined) =>
  all.flatMap((link) => {
    const reason = fault(link);
    return reason === undefined ? [] : [`${link.place}: ${link.target}: ${reason}`];
  });

test('the links of pages lead to files and headings that exist', () => {
  const own = links.filter((link) => !isExternal(link));
  expect(own.length).toBeGreaterThan(200);
  expect(failures(own, faultOf)).toEqual([]);
});

test('the links of pages to other sites have the form of an address', () => {
  const external = links.filter(isExternal);
  expect(external.length).toBeGreaterThan(5);
  expect(failures(external, ({ target }) => externalFault(target))).toEqual([]);
});

test('docs/README.md leads to each page and file of docs/', () => {
  const linked = new Set(links.filter(({ place }) => place.startsWith('docs/README.md:')).map(({ target }) => target));
  const files = globSync('docs/*.{md,json}', { cwd: ROOT }).map((path) => path.slice('docs/'.length));
  expect(files.filter((name) => name !== 'README.md' && !linked.has(name))).toEqual([]);
});

/** A page in a comment, a message or the help: `docs/caching.md#purge`. */
const MENTION = /\bdocs\/[\w/-]+\.md(?:#[\w-]+)?/g;

test('the pages that sources name exist, with their headings', () => {
  const sources = globSync('{src,infra,scripts,examples}/**/*.{ts,toml,json}', {
    cwd: ROOT,
    exclude: (name) => !isOurs(name),
  });
  const mentions = [...sources, 'wrangler.toml', 'wrangler.s3.toml']
    .map(read)
    .flatMap(({ path, text }) => [...text.matchAll(MENTION)].map(([target]) => ({ place: `.:${path}`, target })));
  expect(mentions.length).toBeGreaterThan(20);
  expect(failures(mentions, faultOf)).toEqual([]);
});

describe('the check of links', () => {
  const page = (text: string): Page => ({ path: 'docs/page.md', text });
  const targets = (text: string) => linksOf(page(text)).map(({ target }) => target);

  test('finds links, images, references and HTML, and none in code', () => {
    expect(targets('[a](a.md) ![b](b.png "B") <https://c.example/>\n[d]: d.md\n<img alt="" src="e.png">')).toEqual([
      'a.md',
      'b.png',
      'https://c.example/',
      'd.md',
      'e.png',
    ]);
    expect(targets('`[a](a.md)` ``[`b`](b.md)``\n```sh\n[c](c.md)\n```\n[`d`](d.md)')).toEqual(['d.md']);
  });

  test('makes the anchors of GitHub, and none of comments in code', () => {
    const text =
      '# The `house`: 1\n```sh\n# no heading\n```\n## Set them\n## Set them\n### 看它工作\n## A [link](b.md)';
    expect([...anchorsOf(text)]).toEqual(['the-house-1', 'set-them', 'set-them-1', '看它工作', 'a-link']);
  });

  test.for(['missing.md', '#missing', 'http.md#missing', '../../outside.md'])('refuses %s', (target) => {
    expect(faultOf({ place: 'docs/http.md:1', target })).toBeDefined();
  });

  test.for(['http.md', '#digests', 'http.md#digests', '../README.md', 'decisions/'])('takes %s', (target) => {
    expect(faultOf({ place: 'docs/http.md:1', target })).toBeUndefined();
  });

  test.for([
    ['https://example.com/a', undefined],
    ['mailto:a@example.com', undefined],
    ['http://example.com/', 'it does not begin with https:'],
    ['https://localhost/', 'its host is not public'],
    ['https://127.0.0.1/', 'its host is not public'],
    ['https://a:b@example.com/', 'it has a user name'],
    ['https://example.com/a.', 'it ends in a punctuation mark'],
    ['https://', 'it is no URL'],
  ] as const)('says of %s: %s', ([target, fault]) => {
    expect(externalFault(target)).toBe(fault);
  });
});
