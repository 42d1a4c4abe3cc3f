import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isInstalled, startServer } from '../contestants/spawn.ts';
import { freePort } from '../free-port.ts';
import { contentAt, type Shape } from './origin.ts';
import type { Program } from './programs.ts';
import { runProgram } from './run-program.ts';

const MB = 1_000_000;
const MIB = 1024 * 1024;

/** In ms. A program that takes longer than six times as long as through one connection hangs. */
const TIMEOUT = 90_000;

/** A kind of server, as a column of the table. */
export interface Column {
  readonly name: string;
  readonly title: string;
  /** Without it, nginx serves a file. */
  readonly shape: Omit<Shape, 'size'> | undefined;
  /** The part of the size of all. */
  readonly share: number;
}

/** The columns of the speeds. */
export const COLUMNS: readonly Column[] = [
  {
    name: 'far',
    title: '60 ms, 12 MB/s a connection',
    shape: { latency: 60, rate: 12 * MB, stalling: 0 },
    share: 0.25,
  },
  { name: 'near', title: '90 MB/s a connection', shape: { latency: 0, rate: 90 * MB, stalling: 0 }, share: 1 },
  { name: 'loopback', title: 'loopback, unshaped', shape: undefined, share: 1 },
  {
    name: 'stalling',
    title: '60 ms, 12 MB/s, 2 % of the responses stall',
    shape: { latency: 60, rate: 12 * MB, stalling: 0.02 },
    share: 0.25,
  },
];

/** A measured download. */
export interface SpeedRun {
  readonly column: string;
  readonly program: string;
  readonly mbPerSecond: number;
  /** CPU seconds a GiB. */
  readonly cpuPerGiB: number;
  readonly outcome: 'whole' | 'wrong' | 'error';
}

/** The choices of a run. */
export interface SpeedOptions {
  readonly programs: readonly Program[];
  readonly rounds: number;
  /** Of the largest object, in MiB. */
  readonly mib: number;
  readonly folder: string;
  readonly log: (line: string) => void;
}

/** Measures all programs in all columns, in turns, so that a slow minute of the machine meets all of them. */
export async function measureSpeed(options: SpeedOptions): Promise<readonly SpeedRun[]> {
  const runs: SpeedRun[] = [];
  for (const column of COLUMNS) {
    const size = Math.round(options.mib * column.share) * MIB + 1;
    const origin = await startOrigin(column, size, options.folder);
    if (origin === undefined) {
      options.log(`${column.name}: skipped, because nginx is not installed`);
      continue;
    }
    const expected = await hashOf(content(size));
    for (let round = 0; round < options.rounds; round++) {
      for (const program of options.programs) {
        const run = await measureOne(program, origin.url, size, expected, options.folder);
        runs.push({ column: column.name, program: program.name, ...run });
        options.log(`${column.name} ${program.name}: ${run.outcome} ${run.mbPerSecond.toFixed(0)} MB/s`);
      }
    }
    await origin.stop();
  }
  return runs;
}

async function measureOne(program: Program, url: string, size: number, expected: string, folder: string) {
  const place = join(folder, 'run');
  await mkdir(place);
  const file = join(place, 'file.bin');
  const { code, seconds, cpu } = await runProgram(program, url, file, TIMEOUT);
  const found = code === 0 ? await hashOf(createReadStream(file)).catch(() => '') : '';
  await rm(place, { recursive: true });
  const outcome = code !== 0 ? 'error' : found === expected ? 'whole' : 'wrong';
  return { mbPerSecond: size / MB / seconds, cpuPerGiB: cpu / (size / 1024 ** 3), outcome } as const;
}

function* content(size: number): Generator<Buffer> {
  for (let position = 0; position < size;) {
    const block = contentAt(position, size);
    position += block.length;
    yield block;
  }
}

async function hashOf(source: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('sha256');
  for await (const block of source) hash.update(block);
  return hash.digest('hex');
}

async function startOrigin({ shape }: Column, size: number, folder: string) {
  if (shape === undefined) return isInstalled('nginx') ? startNginx(size, folder) : undefined;
  const args = [join(import.meta.dirname, 'origin.ts'), JSON.stringify({ ...shape, size } satisfies Shape)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const [line]: Buffer[] = await once(child.stderr, 'data');
  return {
    url: `${String(line).trim()}/file.bin`,
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

async function startNginx(size: number, folder: string) {
  const root = join(folder, 'nginx');
  await mkdir(root);
  await pipeline(Readable.from(content(size)), createWriteStream(join(root, 'file.bin')));
  const port = await freePort();
  const config = join(folder, 'nginx.conf');
  const temps = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/${kind};`,
  );
  await writeFile(
    config,
    `daemon off;\nuser root;\npid ${folder}/nginx.pid;\nevents {}\nhttp {\naccess_log off;\nsendfile on;\n${temps.join('\n')}\nserver { listen 127.0.0.1:${port}; root ${root}; }\n}\n`,
  );
  const server = await startServer({ file: 'nginx', args: ['-c', config, '-p', folder, '-e', 'stderr'], port });
  return { url: `http://127.0.0.1:${port}/file.bin`, stop: () => server.stop() };
}
