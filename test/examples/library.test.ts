import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { ENTRIES, exportsOf, ROOT } from './entries.ts';
import { examplesOf, readPages } from './pages.ts';
import { worldOf, writeExamples } from './typecheck.ts';

const run = promisify(execFile);

const pages = await readPages();
const examples = pages.filter(({ path }) => path.startsWith('docs/library')).flatMap(examplesOf);

/** The names in the tables of the reference, by entry: those of `rangeway`, and of the sections of the other entries. */
const documented = new Map<string, Set<string>>();
for (const { text } of pages.filter(({ path }) => path.startsWith('docs/reference-library'))) {
  for (const [i, section] of text.split(/^## /m).entries()) {
    const [, other] = /^`(rangeway\/\w+)`/.exec(section) ?? [];
    const entry = other ?? 'rangeway';
    const names = documented.get(entry) ?? new Set();
    for (const [, name = ''] of section.matchAll(/^\| `(\w+)[^`]*`/gm)) names.add(name);
    const [, repeated = ''] = /^As in `rangeway`: (.*)\.$/m.exec(section) ?? [];
    for (const [, name = ''] of repeated.matchAll(/`(\w+)`/g)) names.add(name);
    if (i > 0 || names.size > 0) documented.set(entry, names);
  }
}

/** The names that the examples import, by entry. */
const imported = new Map<string, Set<string>>();
for (const { code } of examples) {
  for (const [, list = '', entry = ''] of code.matchAll(/^import \{([^}]*)\} from '(rangeway[\w/]*)'/gm)) {
    const names = imported.get(entry) ?? new Set();
    for (const name of list.split(',')) names.add(name.trim().replace(/^type /, ''));
    imported.set(entry, names);
  }
}

const exportsByEntry = new Map(
  await Promise.all(Object.entries(ENTRIES).map(async ([entry, file]) => [entry, await exportsOf(file)] as const)),
);

test.for([...exportsByEntry])('the reference names each export of %s, and no other', ([entry, exports]) => {
  expect([...(documented.get(entry) ?? [])].toSorted()).toEqual([...exports.keys()].toSorted());
});

test('an example imports each export that is a value', () => {
  const used = new Set([...imported.values()].flatMap((names) => Array.from(names)));
  const values = [...exportsByEntry].flatMap(([entry, exports]) =>
    [...exports].filter(([, kind]) => kind === 'value').map(([name]) => `${entry}: ${name}`),
  );
  expect(values.filter((value) => !used.has(value.replace(/.*: /, '')))).toEqual([]);
});

/** Has Node find `rangeway` in the source, and run its TypeScript. */
const HOOKS = `import { registerHooks } from 'node:module';
const entries = ${JSON.stringify(Object.fromEntries(Object.entries(ENTRIES).map(([name, file]) => [name, pathToFileURL(join(ROOT, file)).href])))};
registerHooks({
  resolve: (specifier, context, next) =>
    Object.hasOwn(entries, specifier) ? { url: entries[specifier], shortCircuit: true } : next(specifier, context),
});
`;

const ofApps = pages.filter(({ path }) => path === 'docs/resumable-downloads-in-your-app.md').flatMap(examplesOf);

/** The construct deploys what the build has bundled, which need not be there. */
const runnable = [...examples, ...ofApps].filter(
  (one) => worldOf(one) === 'node' && !one.code.includes("'rangeway/cdk'"),
);

test('the examples of the library for Node run to their end', async () => {
  const { folder, fileOf, remove } = await writeExamples(runnable, 'node');
  try {
    const hooks = join(folder, 'hooks.mjs');
    await writeFile(hooks, HOOKS);
    await Promise.all(
      runnable.map(async (example) => {
        const env = { ...process.env, AWS_REGION: 'eu-central-1' };
        await run(process.execPath, ['--import', hooks, fileOf(example)], { cwd: folder, env, timeout: 20_000 });
      }),
    );
  } finally {
    await remove();
  }
});
