import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dig, isRecord } from '../infra/json.ts';
import { ROOT } from './entries.ts';

const EXAMPLES = join(ROOT, 'examples');
const folders = readdirSync(EXAMPLES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .toSorted();

const read = (...path: readonly string[]) => readFileSync(join(...path), 'utf8');

test('examples/README.md lists each folder, and no other', () => {
  const rows = [...read(EXAMPLES, 'README.md').matchAll(/^\| \[([\w-]+)\]\(\1\/\) \|/gm)].map(([, name = '']) => name);
  expect(rows.toSorted()).toEqual(folders);
});

test('each folder has a README of one screen, with commands', () => {
  for (const name of folders) {
    const lines = read(EXAMPLES, name, 'README.md').trimEnd().split('\n');
    expect([name, lines.length < 35, lines.includes('```sh')]).toEqual([name, true, true]);
  }
});

test('a test follows the README of each folder', () => {
  const installed = join(ROOT, 'test/examples/installed');
  const tests = readdirSync(installed).filter((name) => name.endsWith('.test.ts'));
  const text = tests.map((name) => read(installed, name)).join('\n');
  // The clients are built and run by clients.test.ts.
  const unfollowed = folders.filter((name) => name !== 'clients' && !text.includes(`follow('${name}'`));
  expect(unfollowed).toEqual([]);
});

test('examples name the versions of packages that this checkout has', () => {
  const own: unknown = JSON.parse(read(ROOT, 'package.json'));
  const wrong = folders
    .filter((name) => existsSync(join(EXAMPLES, name, 'package.json')))
    .flatMap((name) => {
      const manifest: unknown = JSON.parse(read(EXAMPLES, name, 'package.json'));
      const packages = ['dependencies', 'devDependencies'].flatMap((field) => {
        const value = dig(manifest, field);
        return isRecord(value) ? Object.entries(value) : [];
      });
      return packages
        .filter(
          ([key, version]) => version !== (key === 'rangeway' ? dig(own, 'version') : dig(own, 'devDependencies', key)),
        )
        .map(([key, version]) => `${name}: ${key} ${String(version)}`);
    });
  expect(wrong).toEqual([]);
});
