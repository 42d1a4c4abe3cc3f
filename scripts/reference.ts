/**
 * Writes the pages docs/reference-*.md: settings from their schema, commands from their help, exports from their
 * docstrings. `--check` only compares, and fails if a page differs.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandPages } from './reference/command-pages.ts';
import { configurationPages } from './reference/configuration-pages.ts';
import { libraryPages } from './reference/library-pages.ts';

const DOCS = join(import.meta.dirname, '../docs');

for (const { name, text } of [...configurationPages(), ...commandPages(), ...libraryPages()]) {
  const file = join(DOCS, name);
  if (!process.argv.includes('--check')) writeFileSync(file, text);
  else if (readFileSync(file, 'utf8') !== text) {
    throw new Error(`docs/${name} is not what the code gives: npm run reference writes it`);
  }
}
