import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { plainScene, type Fault, type Scene } from '../../test/client/faults/scene.ts';
import { startFaultServer, type FaultServer } from '../../test/client/faults/server.ts';
import { longBytes } from '../../test/faults/random.ts';
import type { Program } from './programs.ts';
import { runProgram } from './run-program.ts';

/** A fault of the server, as a row of the table. */
export interface Cell {
  readonly name: string;
  readonly faults: readonly Fault[];
  /** Whether the object is replaced by another one of the same size after the second response. */
  readonly isChanging: boolean;
  readonly hasDigest?: boolean;
}

/** The rows. A program that fails is run again, as a user would do, up to three times. */
export const CELLS: readonly Cell[] = [
  { name: 'breaks', faults: ['break'], isChanging: false },
  { name: 'stalls', faults: ['stall'], isChanging: false },
  { name: 'resets at accept', faults: ['reset'], isChanging: false },
  { name: '5xx', faults: ['5xx'], isChanging: false },
  { name: '429 with Retry-After', faults: ['429'], isChanging: false },
  { name: 'at most three connections', faults: ['connection-limit'], isChanging: false },
  { name: 'redirects to addresses that expire', faults: ['redirects', 'break'], isChanging: false },
  { name: 'breaks and changes', faults: ['break'], isChanging: true },
  { name: 'the same, and If-Range is ignored, as by S3', faults: ['break', 'no-if-range'], isChanging: true },
  { name: 'the same, and no condition is known', faults: ['break', 'no-if-range', 'no-if-match'], isChanging: true },
  { name: 'the same, with weak tags', faults: ['break', 'weak-tags'], isChanging: true },
  { name: 'the same, without validators', faults: ['break', 'no-validators'], isChanging: true },
  { name: 'a 206 of other bytes', faults: ['shifted', 'break'], isChanging: false },
  { name: 'a 206 that is longer than its range', faults: ['longer-body', 'break'], isChanging: false },
  { name: 'a body without its end', faults: ['short-body', 'break'], isChanging: false },
  { name: 'a 206 without Content-Range', faults: ['no-content-range', 'break'], isChanging: false },
  { name: '200 to a range', faults: ['range-dropped', 'break'], isChanging: false },
  { name: 'no ranges at all', faults: ['always-200', 'break'], isChanging: false },
  { name: 'gzip by a proxy', faults: ['coded', 'break'], isChanging: false },
  { name: 'one wrong byte, with a digest', faults: ['corrupt'], isChanging: false, hasDigest: true },
];

/** How often a program is started for one file. */
const STARTS = 3;
const TIMEOUT = 15_000;
const SIZE = 3_000_000;

/** The number of responses that have a fault. */
export const FAULTY = 5;

/** The outcome of one file. */
export interface FaultRun {
  readonly cell: string;
  readonly program: string;
  readonly seed: number;
  /** `wrong`: exit code 0, and the file is no version. `error`: another exit code each time, or too late. */
  readonly outcome: 'whole' | 'wrong' | 'error';
}

/** The choices of a run. */
export interface FaultOptions {
  readonly programs: readonly Program[];
  readonly cells: readonly Cell[];
  readonly seeds: number;
  readonly folder: string;
  /** Files at once. */
  readonly width: number;
  readonly log: (line: string) => void;
}

/** Downloads a file by each program from each server, once for each seed. */
export async function meetFaults(options: FaultOptions): Promise<readonly FaultRun[]> {
  const server = await startFaultServer();
  const { programs, cells, seeds } = options;
  const files = cells.flatMap((cell) =>
    programs.flatMap((program) => Array.from({ length: seeds }, (_, i) => ({ cell, program, seed: i + 1 }))),
  );
  const runs: FaultRun[] = [];
  let next = 0;
  const work = async () => {
    for (let id = next++; id < files.length; id = next++) {
      const file = files[id];
      if (file === undefined) return;
      const outcome = await meetFault(server, file.cell, file.program, id, file.seed, options.folder);
      runs.push({ cell: file.cell.name, program: file.program.name, seed: file.seed, outcome });
      options.log(`${file.cell.name}, ${file.program.name}: ${outcome}`);
    }
  };
  await Promise.all(Array.from({ length: options.width }, work));
  await server.close();
  return runs;
}

async function meetFault(
  server: FaultServer,
  cell: Cell,
  program: Program,
  id: number,
  seed: number,
  folder: string,
): Promise<FaultRun['outcome']> {
  const contents = cell.isChanging ? [longBytes(SIZE), longBytes(SIZE + 1).subarray(1)] : [longBytes(SIZE)];
  const scene = sceneOf(cell, id, seed, contents);
  server.scenes.set(id, scene);
  const place = join(folder, String(id));
  await mkdir(place);
  const path = join(place, 'file.bin');
  let outcome: FaultRun['outcome'] = 'error';
  for (let start = 0; start < STARTS && outcome === 'error'; start++) {
    const { code } = await runProgram(program, server.urlOf(scene), path, TIMEOUT);
    if (code !== 0) continue;
    const found = await readFile(path).catch(() => undefined);
    outcome = found !== undefined && contents.some((bytes) => Buffer.compare(found, bytes) === 0) ? 'whole' : 'wrong';
  }
  server.scenes.delete(id);
  await rm(place, { recursive: true });
  return outcome;
}

/** The first responses have the faults: each of them one, if there are several. */
function sceneOf(cell: Cell, id: number, seed: number, contents: readonly Uint8Array[]): Scene {
  const plain = plainScene(seed, contents, 20_000, 2);
  const faults = new Set(cell.faults);
  return {
    ...plain,
    seed: id,
    faults,
    probability: 1,
    faultyResponses: FAULTY - 1,
    hasDigest: cell.hasDigest === true,
  };
}
