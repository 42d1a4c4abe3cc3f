import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './entries.ts';
import { readPages } from './pages.ts';

const pages = await readPages();

/** A path of the checkout as pages write it, in code: `src/http/range.ts`, `test/s3`. */
const PATH = /(?<![\w/.@-])(?:src|test|infra|bench|scripts|examples|docs)\/[\w./-]*\w/g;

test('the paths that pages name exist', () => {
  const missing = pages.flatMap(({ path, text }) =>
    [...text.matchAll(PATH)]
      .map(([name]) => name)
      // A recipe writes the name of a new file so.
      .filter((name) => !name.includes('NAME') && !existsSync(join(ROOT, name)))
      .map((name) => `${path}: ${name}`),
  );
  expect(missing).toEqual([]);
});

/** A source file by its last name, or the end of its path. */
const FILE = /`((?:[\w-]+\/)*[\w-]+(?:\.test)?\.ts)`/g;

test('the source files that pages name exist', async () => {
  const folders = ['src', 'test', 'infra', 'bench', 'scripts', 'examples'];
  const files = (
    await Promise.all(
      folders.map(async (folder) =>
        (await readdir(join(ROOT, folder), { recursive: true })).map((file) => `/${folder}/${file}`),
      ),
    )
  ).flat();
  const missing = pages.flatMap(({ path, text }) =>
    [...text.matchAll(FILE)]
      .map(([, name = '']) => name)
      .filter((name) => !name.includes('NAME') && !files.some((file) => file.endsWith(`/${name}`)))
      .map((name) => `${path}: ${name}`),
  );
  expect(missing).toEqual([]);
});

test('no page is longer than 150 lines', () => {
  const measured = new Set(['docs/performance.md', 'CHANGELOG.md']);
  const long = pages.filter(({ path, text }) => !measured.has(path) && text.split('\n').length > 151);
  expect(long.map(({ path }) => path)).toEqual([]);
});
