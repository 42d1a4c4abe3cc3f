import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { ROOT } from '../entries.ts';

/** The packed package. */
declare module 'vitest' {
  interface ProvidedContext {
    readonly tarball: string;
  }
}

/** Packs the package once for all tests. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (!existsSync(join(ROOT, 'dist/index.js'))) throw new Error('these tests need a build: npm run build');
  const folder = await mkdtemp(join(tmpdir(), 'rangeway-packed-'));
  const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder];
  const name = execFileSync('npm', args, { cwd: ROOT }).toString().trim();
  project.provide('tarball', join(folder, name));
  return () => rm(folder, { recursive: true });
}
