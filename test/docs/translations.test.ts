import { describe, expect, test } from 'vitest';
import { readPages, type Page } from '../examples/pages.ts';
import { fencesOf, inlineCode } from './blocks.ts';

const pages = await readPages();

/** The parts of a page that are the same in each language, in their order. */
function sameParts(page: Page): Readonly<Record<string, readonly unknown[]>> {
  const { text } = page;
  const prose = fencesOf(page).reduce((rest, { text: block }) => rest.replace(block, ''), text);
  return {
    headings: [...prose.matchAll(/^(#+) /gm)].map(([, level = '']) => level.length),
    blocks: fencesOf(page).map(({ language, text: block }) => ({ language, block })),
    code: inlineCode(page)
      .map((code) => code.text)
      .toSorted(),
    links: [...prose.matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target),
    cells: [...prose.matchAll(/^\|.*\|$/gm)].map(([row]) => row.split(/(?<!\\)\|/).length),
    bullets: [...prose.matchAll(/^- /gm)].map(String),
    lines: [text.split('\n').length],
  };
}

/** Pages in other languages, by the page that they translate. */
const translations = pages.flatMap((page) => {
  const [, name] = /^(.*)\.[a-z]{2}-[A-Z]{2}\.md$/.exec(page.path) ?? [];
  const original = pages.find(({ path }) => path === `${name}.md`);
  return original === undefined ? [] : [{ path: page.path, page, original }];
});

test('README is there in Chinese, and both name each other', () => {
  expect(translations.map(({ path }) => path)).toEqual(['README.zh-CN.md']);
  for (const { page, original } of translations) {
    expect(original.text).toContain(`](${page.path})`);
    expect(page.text).toContain(`](${original.path})`);
  }
});

describe.each(translations)('$path', ({ page, original }) => {
  test.each(Object.keys(sameParts(original)))('has the %s of the original', (part) => {
    expect(sameParts(page)[part]).toEqual(sameParts(original)[part]);
  });
});
