import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const parent = mkdtempSync(join(tmpdir(), 'rangeway-infra-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

/** A fresh folder, gone after the tests of the file. */
export function makeFolder(): string {
  return mkdtempSync(join(parent, 'folder-'));
}
