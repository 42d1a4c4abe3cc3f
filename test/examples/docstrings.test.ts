import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './entries.ts';
import { examplesOf, readPages } from './pages.ts';
import { typeErrors, worldOf, type Example } from './typecheck.ts';

/** The exports that every user of the library meets, and that have to show how they are used. */
const MAIN_EXPORTS = `
  createGateway r2Store s3Store s3Storage fsStore memoryStore
  memoryCache diskCache workersCache tieredCache withMemoryTier withBlockCache
  withRetry withResume withFallback withParallelReads withRanges
  requestId accessLog cors concurrencyLimit mount authorize download purge options methodNotAllowed onError
  publicAccess signedAccess basicAccess ipAccess refererAccess jwtAccess hookAccess allOf anyOf
  signLink verifyLink generateLinkKey parseLinkKeys logObserver serve handle streamHandle
`
  .trim()
  .split(/\s+/);

/** A docstring and the export that follows it. */
const DOCSTRING = /\/\*\*((?:(?!\*\/)[^])*)\*\/\n(export [^\n]*)/g;

const NAME = /^export (?:async function|function|const|class|interface|type) (\w+)/;

/** An `@example` of an export. */
interface DocumentedExample extends Example {
  readonly name: string | undefined;
}

/** The examples in the docstrings of a file's exports. */
function examplesIn(file: string, text: string): readonly DocumentedExample[] {
  return [...text.matchAll(DOCSTRING)].flatMap(({ 1: docstring = '', 2: declaration = '', index }) => {
    const line = text.slice(0, index).split('\n').length;
    const [, name] = NAME.exec(declaration) ?? [];
    const lines = docstring.split('\n').map((one) => one.replace(/^\s*\* ?/, ''));
    return sections(lines).map((code, i) => ({
      place: `${file}:${line}.${i}`,
      name,
      code: resolveImports(file, code),
    }));
  });
}

/** The text behind each `@example`, up to the next tag. A fence around it is left out. */
function sections(lines: readonly string[]): readonly string[] {
  return lines
    .join('\n')
    .split(/^(?=@[a-z])/m)
    .filter((section) => section.startsWith('@example'))
    .map((section) => section.replace(/^@example[^\n]*\n/, '').replaceAll(/^```.*\n?/gm, ''));
}

/** What is internal is imported from its own file, relative to that. */
function resolveImports(file: string, code: string): string {
  return code.replaceAll(/from '(\.[^']+)'/g, (_, path: string) => `from '${join(ROOT, dirname(file), path)}'`);
}

const files = (await readdir(join(ROOT, 'src'), { recursive: true }))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => join('src', file));
const examples = (
  await Promise.all(
    [...files, 'infra/rangeway.ts'].map(async (file) => examplesIn(file, await readFile(join(ROOT, file), 'utf8'))),
  )
).flat();

const isWhole = ({ code }: Example) => /^import /m.test(code);

test('each main export has an example', () => {
  const shown = new Set(examples.map(({ name }) => name));
  expect(MAIN_EXPORTS.filter((name) => !shown.has(name))).toEqual([]);
});

test('each example has its imports', () => {
  expect(examples.filter((example) => !isWhole(example)).map(({ place }) => place)).toEqual([]);
});

const blocks = (await readPages()).flatMap(examplesOf);

// One run of the compiler for each platform: it reads the types of all dependencies, which takes longer than all examples.
test.for(['node', 'workerd'] as const)(
  'the examples of docstrings, and the ts blocks of pages, compile for %s',
  { timeout: 120_000 },
  async (world) => {
    const ofWorld = (all: readonly Example[]) => all.filter((example) => worldOf(example) === world);
    expect(ofWorld(blocks).length).toBeGreaterThan(0);
    expect(await typeErrors(ofWorld([...examples.filter(isWhole), ...blocks]), world)).toEqual([]);
  },
);
