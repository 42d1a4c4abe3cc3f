import fc from 'fast-check';
import { expect, test } from 'vitest';
import { entriesOf } from '../../src/listing/entries.ts';
import { printHtml, type ListingPage } from '../../src/listing/print-html.ts';
import { printProblem } from '../../src/listing/print-problem.ts';
import { foreignMarkup, namesOf, rowsOf } from '../conformance/listed-entries.ts';
import { RUNS } from '../property-runs.ts';

const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='x",
  '` onfocus=x autofocus ',
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'data:text/html,x',
  'http:',
  ':',
  '&lt;b&gt;',
  '&NewLine;',
  '\u202Egnp.exe',
  '\u2066x\u2069',
  '\u061c\u200e\u200f',
  '\n\t\r',
  '</pre><b>',
  '</style><b>',
  '</title><b>',
  '<!--',
  ']]>',
  '%2e%2e',
  '%',
  '?a=b#c',
  'a\\b',
  '..a',
  '\u{1f600}\u0301',
];

const text = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }).filter((value) => value.isWellFormed()),
);
/** A part of a key: no slash, and none that a client removes from an address. */
const segment = text.filter((value) => !/[/\0]/.test(value) && !/^\.{1,2}$/.test(value));

const pages = fc.record({
  folders: fc.array(segment, { maxLength: 3 }),
  names: fc.uniqueArray(segment, { maxLength: 8 }),
  subfolders: fc.uniqueArray(segment, { maxLength: 4 }),
  search: fc.oneof(fc.constant(''), text),
  readme: fc.option(text, { nil: undefined }),
  parameters: fc.array(fc.tuple(text, text), { maxLength: 3 }),
  order: fc.record({ sort: fc.constantFrom('name', 'size', 'date'), isDescending: fc.boolean() }),
});

test('no text on a page of a folder becomes markup, and each address leads to its name', async () => {
  await fc.assert(
    fc.asyncProperty(pages, async ({ folders, names, subfolders, search, readme, parameters, order }) => {
      const folder = folders.map((name) => `${name}/`).join('');
      const objects = names.map((name) => {
        return { key: folder + name, size: 1, etag: undefined, lastModified: new Date(0) };
      });
      const listed = { objects, prefixes: subfolders.map((name) => `${folder}${name}/`), cursor: undefined };
      const query = new URLSearchParams(parameters).toString();
      const page: ListingPage = {
        folder,
        root: '/files',
        entries: entriesOf(listed, folder, order),
        order,
        search,
        query,
        nextQuery: query,
        script: '../.rangeway/assets/download-0123456789abcdef.js',
        firstQuery: query,
        readme: readme === undefined ? undefined : { name: 'README', text: readme },
      };
      const html = await printHtml(page);
      const expected = page.entries.map(({ type, name }) => `${name}${type === 'folder' ? '/' : ''}`);
      expect(foreignMarkup(html)).toEqual([]);
      expect(namesOf(html, 'html')).toEqual(expected);
      for (const [i, { href, text: shown }] of rowsOf(html).entries()) {
        const { origin, pathname } = new URL(href, 'https://files.example/a/');
        expect([origin, decodeURIComponent(pathname)]).toEqual(['https://files.example', `/a/${expected[i]}`]);
        expect(shown).not.toMatch(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u);
      }
    }),
    { numRuns: RUNS },
  );
});

test('no text on a page of an error becomes markup', () => {
  fc.assert(
    fc.property(text, text, (detail, requestId) => {
      const html = printProblem({ status: 404, title: 'Not Found', detail, requestId });
      expect(foreignMarkup(html).filter((found) => found.startsWith('<'))).toEqual([]);
    }),
    { numRuns: RUNS },
  );
});
