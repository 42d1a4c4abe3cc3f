import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

test('one range request of a folder runs code of few files, so a reader can follow it', () => {
  const text = execFileSync(process.execPath, ['scripts/entered.ts', '--json'], { cwd: ROOT, encoding: 'utf8' });
  const files: readonly unknown[] = JSON.parse(text);
  const below = (...folders: readonly string[]) =>
    files.filter((file) => typeof file === 'string' && folders.includes(file.split('/')[0] ?? ''));
  expect(below('gateway', 'observe').length).toBeLessThanOrEqual(14);
  expect(below('store').length).toBeLessThanOrEqual(8);
  // A check of the measurement itself: these folders serve a range.
  expect(below('http', 'gateway', 'store', 'platform').length).toBeGreaterThan(25);
});
