import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Contestant, RunningServer, Storage } from './contestants/contestant.ts';
import { withCheckouts } from './contestants/other-checkouts.ts';
import type { LoadGenerator } from './load/client.ts';
import type { Figures } from './measure/figures.ts';
import { pin, processTree } from './measure/process-tree.ts';
import { measureOnce, readValidators, type Validators } from './measure/run.ts';
import type { OriginProcess } from './origin/client.ts';
import type { Catalogue } from './origin/objects.ts';
import type { ServerPart } from './parts/part.ts';
import type { CellResult, PartResult } from './report/results.ts';
import type { Workload } from './workloads/workload.ts';

/** The helpers and settings that all parts share. */
export interface Bench {
  readonly load: LoadGenerator;
  readonly origin: OriginProcess;
  readonly objects: Catalogue;
  readonly rounds: number;
  /** Length of a timed run. */
  readonly seconds: number;
  /** Whether each workload has a warm-up round, which does not count. */
  readonly warm: boolean;
  /** The core that contestants are pinned to; `undefined` if nothing is pinned. */
  readonly core: number | undefined;
  /** Root of the measured checkout. */
  readonly checkout: string;
  /** Roots of the checkouts that are measured beside it. */
  readonly beside: readonly string[];
  /** A folder of this run, removed after it. */
  readonly folder: string;
  /** A folder that is reused by later runs. */
  readonly reusedFolder: string;
  log(line: string): void;
}

interface Entry {
  readonly contestant: Contestant;
  readonly running: RunningServer;
  readonly validators: Validators;
}

interface Cell {
  readonly entry: Entry;
  readonly workload: Workload;
  readonly rounds: Figures[];
  failure: string | undefined;
}

/**
 * Runs the workloads of a part. In each round all contestants run in turn, so that they share the machine's
 * fluctuations.
 */
export async function runServers(part: ServerPart, storage: Storage, bench: Bench): Promise<PartResult> {
  const { name, title, workloads } = part;
  const skipped: string[] = [];
  const contestants = withCheckouts(part.contestants, bench.beside).filter((contestant) => {
    const missing = contestant.missing?.();
    if (missing !== undefined) skipped.push(`${contestant.name}: ${missing}`);
    return missing === undefined;
  });
  for (const line of skipped) bench.log(`SKIPPED ${line}`);
  const cells: CellResult[] = [];
  for (const group of part.isFresh === true ? workloads.map((workload) => [workload]) : [workloads])
    cells.push(...(await runWorkloads(group, contestants, storage, bench, skipped)));
  return { name, title, cells, facts: [], skipped };
}

/** Starts the contestants, runs the workloads, and stops the contestants. */
async function runWorkloads(
  workloads: readonly Workload[],
  contestants: readonly Contestant[],
  storage: Storage,
  bench: Bench,
  skipped: string[],
): Promise<readonly CellResult[]> {
  const entries: Entry[] = [];
  try {
    for (const contestant of contestants) {
      const entry = await startContestant(contestant, storage, bench).catch((error: unknown) => {
        if (contestant.isOptional !== true) throw error;
        const line = `${contestant.name}: ${error instanceof Error ? error.message : 'failed'}`;
        bench.log(`SKIPPED ${line}`);
        skipped.push(line);
      });
      if (entry !== undefined) entries.push(entry);
    }
    const cells: CellResult[] = [];
    for (const workload of workloads) cells.push(...(await runWorkload(workload, entries, bench)));
    return cells;
  } finally {
    for (const { running } of entries) await running.stop();
  }
}

async function startContestant(contestant: Contestant, storage: Storage, bench: Bench): Promise<Entry> {
  const folder = join(bench.folder, contestant.name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { checkout, objects, reusedFolder } = bench;
  const running = await contestant.start({ checkout, storage, objects, folder, reusedFolder });
  // `direct` has the storage's process, which stays on the core of the load generator.
  if (bench.core !== undefined && running.pid !== storage.pid && existsSync(`/proc/${running.pid}`))
    pin(running.pid, bench.core);
  if (processTree(running.pid).length === 0) throw new Error(`${contestant.name} has ended`);
  return { contestant, running, validators: await readValidators(running, bench.objects.medium.key) };
}

async function runWorkload(
  workload: Workload,
  entries: readonly Entry[],
  bench: Bench,
): Promise<readonly CellResult[]> {
  const cells: Cell[] = entries.map((entry) => ({ entry, workload, rounds: [], failure: undefined }));
  if (bench.warm) for (const cell of cells) await warmUp(cell, bench);
  for (let round = 0; round < bench.rounds; round++) {
    // Another contestant is first in each round, so that a contestant has no fixed position.
    const shift = round % Math.max(1, cells.length);
    for (const cell of [...cells.slice(shift), ...cells.slice(0, shift)]) await runRound(cell, bench);
  }
  return cells.map(({ entry, rounds, failure }) => {
    const { name, role } = entry.contestant;
    const result = { contestant: name, role, workload: workload.name, rounds, failure };
    bench.log(describe(result));
    return result;
  });
}

/**
 * Runs a round that does not count. It fills caches, lets V8 compile hot code as on a server that has run for a minute,
 * and finds contestants that can't serve the workload. A workload with slow clients is warmed up by one fast request.
 */
async function warmUp(cell: Cell, bench: Bench): Promise<void> {
  const { entry, workload } = cell;
  const { pace, ...fast } = workload;
  const { failure } = await measureOnce(
    pace === undefined ? workload : { ...fast, requests: 1, connections: 1 },
    entry,
    bench,
  );
  cell.failure = failure;
}

async function runRound(cell: Cell, bench: Bench): Promise<void> {
  if (cell.failure !== undefined) return;
  const { figures, failure } = await measureOnce(cell.workload, cell.entry, bench);
  cell.failure = failure;
  if (failure === undefined) cell.rounds.push(figures);
}

function describe({ contestant, workload, rounds, failure }: CellResult): string {
  const [first] = rounds.toSorted((a, b) => a.requestsPerSecond - b.requestsPerSecond).slice(rounds.length >> 1);
  if (first === undefined) return `  ${workload} ${contestant}: ${failure ?? 'not measured'}`;
  const { mbPerSecond, requestsPerSecond, firstByteP50, busy, helpersBusy } = first;
  return (
    `  ${workload} ${contestant}: ${mbPerSecond.toFixed(1)} MB/s, ${requestsPerSecond.toFixed(1)} requests/s, ` +
    `first byte ${firstByteP50.toFixed(2)} ms, busy ${busy.toFixed(2)}, helpers ${helpersBusy.toFixed(2)}` +
    (failure === undefined ? '' : `; then ${failure}`)
  );
}
