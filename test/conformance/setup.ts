import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { fixtures } from './fixtures.ts';

/** Where the files of the fixtures are, and when the last of them was written, in ms since the epoch. */
declare module 'vitest' {
  interface ProvidedContext {
    readonly fixtureFolder: { readonly path: string; readonly storedAt: number };
  }
}

/**
 * Writes the fixtures into a folder before any test starts. The change time of a file can't be set back, so only a
 * folder that is older than the tests has dates that are strong (§8.8.2.2).
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const path = await mkdtemp(join(tmpdir(), 'rangeway-fixtures-'));
  for (const { key, bytes } of fixtures) {
    await mkdir(dirname(join(path, key)), { recursive: true });
    await writeFile(join(path, key), bytes);
  }
  project.provide('fixtureFolder', { path, storedAt: Date.now() });
  return () => rm(path, { recursive: true });
}
