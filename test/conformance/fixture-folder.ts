import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fixtures } from './fixtures.ts';

/** The fixtures as files in a folder of their own. */
export async function fixtureFolder(): Promise<{ readonly folder: string; readonly remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'rangeway-fixtures-'));
  for (const { key, bytes } of fixtures) {
    await mkdir(dirname(join(folder, key)), { recursive: true });
    await writeFile(join(folder, key), bytes);
  }
  return { folder, remove: () => rm(folder, { recursive: true }) };
}
