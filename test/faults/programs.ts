import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reportSkipped } from '../full.ts';

/** A real client: how it continues the file at `path`, and downloads what is missing. */
export type Program = (url: string, path: string) => readonly [command: string, ...args: string[]];

/** Each asked to go on after a break, as far as it can by itself. */
export const programs = {
  // A split no smaller than an eighth of the file: it then makes as many requests each time.
  aria2c: (url, path) => ['aria2c', ...ARIA2, '-d', join(path, '..'), '-o', path.slice(path.lastIndexOf('/') + 1), url],
  curl: (url, path) => ['curl', '-sSf', '--retry', '20', '-C', '-', '-o', path, url],
  wget: (url, path) => ['wget', '-q', '--no-config', '-c', '--tries=80', '--waitretry=0', '-O', path, url],
} as const satisfies Readonly<Record<string, Program>>;

const ARIA2 = ['--no-conf', '-q', '-x8', '-s8', '-k3M', '--max-tries=0', '--file-allocation=none', '-c'];

/** Whether all of them are installed. A full run has to have them; else the tests that need them are skipped, loudly. */
export function hasPrograms(): boolean {
  const missing = Object.keys(programs).filter((name) => spawnSync(name, ['--version']).error !== undefined);
  if (missing.length === 0) return true;
  reportSkipped(
    'downloads with real clients',
    `${missing.join(', ')} missing; the packages are in test/faults/packages.txt`,
  );
  return false;
}

/** Runs one to its end. Nothing of a user's settings reaches it. */
export async function runProgram([command, ...args]: ReturnType<Program>, home: string): Promise<number | null> {
  const child = spawn(command, args, { stdio: 'ignore', env: { PATH: process.env['PATH'], HOME: home } });
  const [code]: (number | null)[] = await once(child, 'exit');
  return code ?? null;
}

/** A folder for downloads, removed at the end of the block. */
export function workFolder(): { readonly path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), 'rangeway-faults-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
