import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { lineOf, scan, type Comment } from './comments.ts';

const ROOT = join(import.meta.dirname, '..');

interface SourceFile {
  /** From the root of the project, such as `src/http/range.ts`. */
  readonly path: string;
  readonly source: string;
  readonly lines: number;
  readonly comments: readonly Comment[];
  readonly code: string;
}

const files: readonly SourceFile[] = globSync('src/**/*.ts', { cwd: ROOT })
  .toSorted()
  .map((path) => {
    const source = readFileSync(join(ROOT, path), 'utf8');
    const { comments, code } = scan(source);
    return { path, source, lines: source.trimEnd().split('\n').length, comments, code };
  });

/** Fails with all violations, one a line, so that they can be worked off. */
function expectNone(violations: readonly string[]): void {
  if (violations.length > 0) expect.fail(`${violations.length} violations:\n${violations.join('\n')}`);
}

test('a file of src has at most 300 lines', () => {
  expectNone(files.filter(({ lines }) => lines > 300).map(({ path, lines }) => `${path}:1: ${lines} lines`));
});

/** Short files with one importer that stay files of their own. A name that ends in a slash is a folder. */
const SHORT_FILES: Readonly<Record<string, string>> = {
  'src/http/': 'one header field, one file',
  'src/gateway/transfers-script.ts': 'written by `npm run page`',
  'src/platform/open-jwt.ts': 'only bundles that import it contain jose',
  'src/platform/s3/s3-access.ts': 'keeps the AWS SDK out of the modules that only need the type of the setting',
};

test('a file of src with fewer than 20 lines is an entry of the package, or has several importers', () => {
  const importers = new Map<string, Set<string>>();
  for (const { path, source } of files) {
    for (const [, specifier = ''] of source.matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']+\.ts)'/g)) {
      const imported = join(dirname(path), specifier);
      importers.set(imported, (importers.get(imported) ?? new Set()).add(path));
    }
  }
  const entries = packageEntries();
  const isExempt = (path: string) =>
    entries.has(path) || Object.keys(SHORT_FILES).some((name) => path.startsWith(name));
  expectNone(
    files
      .filter(({ path, lines }) => lines < 20 && importers.get(path)?.size === 1 && !isExempt(path))
      .map(({ path, lines }) => `${path}:1: ${lines} lines, only imported by ${[...(importers.get(path) ?? [])][0]}`),
  );
});

test('every exemption of a short file names files that exist', () => {
  expectNone(Object.keys(SHORT_FILES).filter((name) => !existsSync(join(ROOT, name))));
});

/** The files of src behind the `exports` and `bin` of package.json. */
function packageEntries(): ReadonlySet<string> {
  const text = readFileSync(join(ROOT, 'package.json'), 'utf8');
  return new Set([...text.matchAll(/"(?:\.\/)?dist\/([^"]+)\.js"/g)].map(([, name]) => `src/${name}.ts`));
}

const DECLARATION =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:const enum|function\*?|const|let|class|interface|type|enum) +(\w+)/gm;

test('a name is exported by one file of src', () => {
  const places = new Map<string, string[]>();
  for (const { path, source, code } of files) {
    const names = new Map<string, number>();
    for (const { 1: name = '', index } of code.matchAll(DECLARATION)) names.set(name, names.get(name) ?? index);
    for (const [name, index] of names) {
      places.set(name, [...(places.get(name) ?? []), `${path}:${lineOf(source, index)}`]);
    }
  }
  expectNone(
    [...places].filter(([, where]) => where.length > 1).map(([name, where]) => `${where.join(', ')}: ${name}`),
  );
});

/** Pronouns that stand for an actor without naming it. */
const UNNAMED_ACTOR = /\b(?:nobody|whoever|somebody|anybody|everybody)\b/gi;
/** A sentence begins with the comment, after a full stop, or after a tag of a docstring and its parameter. */
const UNNAMED_SUBJECT = /(?:^\s*|[.!?]\s+|@(?:param\s+\S+|\w+)\s+(?:-\s+)?)\b(?:Who|What)\s/g;

test('a comment of src names its actors, and no sentence begins with "Who" or "What"', () => {
  expectNone(
    files.flatMap(({ path, comments }) =>
      comments.flatMap(({ text, line }) =>
        [UNNAMED_ACTOR, UNNAMED_SUBJECT].flatMap((wrong) =>
          [...text.matchAll(wrong)].map(({ 0: found, index }) => {
            const end = index + found.trimEnd().length;
            const word = /\w+$/.exec(found.trimEnd())?.[0] ?? '';
            return `${path}:${line + lineOf(text, end) - 1}: "${text.slice(end - word.length, end + 60).split('\n')[0]}"`;
          }),
        ),
      ),
    ),
  );
});

const EXPORTED_FUNCTION =
  /^export (?:(?:async )?function\*? *(\w+)|const (\w+)(?:: (?:[^=\n]|=>)+)? =\s+(?:async )?(?:function\b|[<(]))/gm;

test('an exported function of src has a docstring directly before it', () => {
  const violations: string[] = [];
  for (const { path, source, code, comments } of files) {
    const documented = new Set<string>();
    for (const { 1: name, 2: constant = '', index } of code.matchAll(EXPORTED_FUNCTION)) {
      const exported = name ?? constant;
      const docstring = comments.find(
        ({ end, isDocstring }) => isDocstring && source.slice(end, index).trim() === '' && end <= index,
      );
      // The docstring of an overloaded function stands before its first signature.
      if (docstring !== undefined) documented.add(exported);
      if (!documented.has(exported)) violations.push(`${path}:${lineOf(source, index)}: ${exported}`);
    }
  }
  expectNone(violations);
});

/** Folders of tests that are not of one file: whole platforms, real programs, campaigns. */
const SUITES = new Set(
  'bare bench browsers campaigns clients conformance contract docs examples faults fuzz infra lambda node22 package s3 service soak workers'.split(
    ' ',
  ),
);
/** Folders of test data, and of models that several test files of their folder share. */
const SHARED_FOLDERS = new Set(['cache/model', 'client/faults', 'http/reference', 'platform/node/http1/certificates']);

test('a folder of test is a suite, or mirrors a folder of src', () => {
  const paths = globSync('**/*.*', { cwd: join(ROOT, 'test'), exclude: (name) => name === 'node_modules' });
  const folders = [...new Set(paths.map(dirname))];
  expectNone(
    folders
      .filter((folder) => folder !== '.' && !SUITES.has(folder.split('/')[0] ?? '') && !SHARED_FOLDERS.has(folder))
      .filter((folder) => !existsSync(join(ROOT, 'src', folder)))
      .map((folder) => `test/${folder}`),
  );
});

/** Test files of several source files of their folder together. */
const OF_SEVERAL_FILES = new Set([
  'test/gateway/middleware/missing-middleware.test.ts',
  'test/gateway/middleware/own-app.test.ts',
  'test/platform/lambda/function-url.test.ts',
  'test/platform/node/odd-s3.test.ts',
  'test/platform/s3/clock-skew.test.ts',
  'test/platform/workers/odd-s3.test.ts',
]);

test('a test file that mirrors src is named after a file of its folder there', () => {
  expectNone(
    globSync('test/*/**/*.test.ts', { cwd: ROOT, exclude: (name) => name === 'node_modules' })
      .filter((path) => !SUITES.has(path.split('/')[1] ?? '') && !OF_SEVERAL_FILES.has(path))
      .filter((path) => {
        const folder = dirname(path).replace('test', 'src');
        const name = basename(path).slice(0, -'test.ts'.length);
        const names = files.filter((file) => dirname(file.path) === folder).map((file) => basename(file.path, '.ts'));
        return !names.some((one) => name.startsWith(`${one}.`) || name.startsWith(`${one}-`));
      }),
  );
});

test('the scanner of this test tells comments from strings, templates and regular expressions', () => {
  const source = [
    "const a = '// no'; // one",
    '// two',
    'const b = `/* ${c(`//`, { d: 1 }) /* three */} // no`;',
    'const e = /[/*]\\/"/.test(a) ? 4 / 2 : "\\"//"; /** four */',
  ].join('\n');
  expect(scan(source).comments.map(({ line, text }) => [line, text.trim()])).toEqual([
    [1, 'one\n two'],
    [3, 'three'],
    [4, 'four'],
  ]);
});
