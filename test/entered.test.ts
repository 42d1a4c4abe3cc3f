import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

function entered(...options: readonly string[]): (...folders: readonly string[]) => readonly unknown[] {
  const args = ['scripts/entered.ts', '--json', ...options];
  const files: readonly unknown[] = JSON.parse(execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' }));
  return (...folders) => files.filter((file) => typeof file === 'string' && folders.includes(file.split('/')[0] ?? ''));
}

test('one range request of a folder runs code of few files, so a reader can follow it', () => {
  const below = entered();
  expect(below('gateway', 'observe').length).toBeLessThanOrEqual(14);
  expect(below('store').length).toBeLessThanOrEqual(8);
  // A check of the measurement itself: these folders serve a range.
  expect(below('http', 'gateway', 'store', 'platform').length).toBeGreaterThan(25);
});

test('the same through the block cache, for a block that is not cached, runs twelve files of the cache', () => {
  const below = entered('--cached');
  expect(below('gateway', 'observe').length).toBeLessThanOrEqual(14);
  expect(below('cache').length).toBeLessThanOrEqual(12);
  expect(below('cache').length).toBeGreaterThan(5);
});
