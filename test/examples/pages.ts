import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './entries.ts';
import type { Example } from './typecheck.ts';

/** A page of the documentation. */
export interface Page {
  /** Relative to the checkout: `docs/library.md`. */
  readonly path: string;
  readonly text: string;
}

/** Reads all pages: those at the root of the checkout, docs/ and docs/decisions/. */
export async function readPages(): Promise<readonly Page[]> {
  const folders = await Promise.all(
    ['.', 'docs', 'docs/decisions'].map(async (folder) =>
      (await readdir(join(ROOT, folder))).filter((name) => name.endsWith('.md')).map((name) => join(folder, name)),
    ),
  );
  return Promise.all(folders.flat().map(async (path) => ({ path, text: await readFile(join(ROOT, path), 'utf8') })));
}

/**
 * Returns whether a test runs the commands of a page. Decisions and the changelog are records, whose commands need not
 * work any more. The reference of the command line has the examples of the help, which test/docs/reference.test.ts reads.
 * A translation has the commands of its original: test/docs/translations.test.ts.
 */
export function hasTriedCommands({ path }: Page): boolean {
  return !/^(?:docs\/decisions\/|docs\/reference-command-line|CHANGELOG\.md|LICENSE\.md|\w+\.[a-z]{2}-[A-Z]{2}\.md)/.test(
    path,
  );
}

/** The `ts` blocks of a page. Those that begin with a comment such as `// app.ts` are files of examples/. */
export function examplesOf({ path, text }: Page): readonly Example[] {
  return [...text.matchAll(/^```ts\n([^]*?)^```$/gm)]
    .map(({ 1: code = '', index }) => ({ place: `${path}:${text.slice(0, index).split('\n').length}`, code }))
    .filter(({ code }) => !/^\/\/ \w+\.ts\n/.test(code));
}
