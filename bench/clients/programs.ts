import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isInstalled } from '../contestants/spawn.ts';

/** A client that downloads files. */
export interface Program {
  readonly name: string;
  /** The command that downloads to `file`, and that continues it. */
  command(url: string, file: string): readonly [program: string, ...args: string[]];
  isInstalled(): boolean;
  /** The only part that it is run in. */
  readonly only?: 'speed';
}

const ROOT = join(import.meta.dirname, '../..');

/** The command as it is published: its start is part of the time. */
const MAIN = join(ROOT, 'dist/cli/main.js');

function rangeway(name: string, ...args: readonly string[]): Program {
  return {
    name,
    command: (url, file) => [
      process.execPath,
      MAIN,
      'get',
      url,
      '-o',
      file,
      '--force',
      '-q',
      '--timeout',
      '3s',
      ...args,
    ],
    isInstalled: () => existsSync(MAIN),
  };
}

/** @param options before the address, with spaces between them */
function installed(program: string, options: string, last: (url: string, file: string) => readonly string[]): Program {
  const command: Program['command'] = (url, file) => [program, ...options.split(' '), ...last(url, file)];
  return { name: program, command, isInstalled: () => isInstalled(program) };
}

function npm(name: string): Program {
  return {
    name,
    command: (url, file) => [process.execPath, join(import.meta.dirname, 'npm.mjs'), name, url, file],
    isInstalled: () => existsSync(join(ROOT, 'bench/node_modules', name)),
  };
}

/**
 * All clients, with up to eight connections, retries, and timeouts of three seconds where they have them. The first
 * one is divided by the others.
 */
export const PROGRAMS: readonly Program[] = [
  rangeway('rangeway'),
  // What its figures differ by is the noise of a run.
  { ...rangeway('rangeway (again)'), only: 'speed' },
  rangeway('rangeway (one connection)', '-c', '1'),
  installed(
    'curl',
    '-sSfL --retry 10 --retry-delay 1 --retry-all-errors --speed-time 3 --speed-limit 1 -C -',
    (url, file) => ['-o', file, url],
  ),
  installed('wget', '-q --no-config -c --timeout=3 --tries=10 --waitretry=0', (url, file) => ['-O', file, url]),
  installed(
    'wget2',
    '-q --no-config -c --timeout=3 --tries=10 --waitretry=0 --chunk-size=4M --max-threads=8',
    (url, file) => ['-O', file, url],
  ),
  installed('aria2c', '--no-conf -q -x8 -s8 -k1M --file-allocation=none --timeout=3 --max-tries=10 -c', (url, file) => [
    '-d',
    dirname(file),
    '-o',
    basename(file),
    url,
  ]),
  installed('axel', '-q -n 8 -T 3', (url, file) => ['-o', file, url]),
  npm('ipull'),
  npm('easydl'),
  npm('node-downloader-helper'),
  npm('nodejs-file-downloader'),
  npm('got'),
  npm('undici'),
];
