import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Contestant, Running, Storage } from './contestants/contestant.ts';
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

/** What all parts run with. */
export interface Bench {
  readonly load: LoadGenerator;
  readonly origin: OriginProcess;
  readonly objects: Catalogue;
  readonly rounds: number;
  /** Of a timed run. */
  readonly seconds: number;
  /** Whether each workload has a round before those that count. */
  readonly warm: boolean;
  /** The core that contestants are kept to; `undefined` where nothing is pinned. */
  readonly core: number | undefined;
  /** Root of the checkout that is measured. */
  readonly checkout: string;
  /** Those of others that are measured beside it. */
  readonly beside: readonly string[];
  /** Of this run, removed after it. */
  readonly folder: string;
  /** Kept between runs. */
  readonly kept: string;
  say(line: string): void;
}

interface Entry {
  readonly contestant: Contestant;
  readonly running: Running;
  readonly validators: Validators;
}

interface Cell {
  readonly entry: Entry;
  readonly workload: Workload;
  readonly rounds: Figures[];
  failure: string | undefined;
}

/** Runs a part's workloads against its contestants in turn, round by round. */
export async function runServers(part: ServerPart, storage: Storage, bench: Bench): Promise<PartResult> {
  const { name, title, workloads } = part;
  const skipped: string[] = [];
  const contestants = withCheckouts(part.contestants, bench.beside).filter((contestant) => {
    const why = contestant.missing?.();
    if (why !== undefined) skipped.push(`${contestant.name}: ${why}`);
    return why === undefined;
  });
  for (const line of skipped) bench.say(`SKIPPED ${line}`);
  const cells: CellResult[] = [];
  for (const together of part.isFresh === true ? workloads.map((one) => [one]) : [workloads])
    cells.push(...(await runWorkloads(together, contestants, storage, bench, skipped)));
  return { name, title, cells, facts: [], skipped };
}

/** Starts contestants, runs workloads, and stops them. */
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
        bench.say(`SKIPPED ${line}`);
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
  const { checkout, objects, kept } = bench;
  const running = await contestant.start({ checkout, storage, objects, folder, kept });
  // The storage shares its core with the load generator, whoever is asked.
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
    // Each is first once, so that none always comes after the same one.
    const shift = round % Math.max(1, cells.length);
    for (const cell of [...cells.slice(shift), ...cells.slice(0, shift)]) await runRound(cell, bench);
  }
  return cells.map(({ entry, rounds, failure }) => {
    const { name, role } = entry.contestant;
    const result = { contestant: name, role, workload: workload.name, rounds, failure };
    bench.say(describe(result));
    return result;
  });
}

/**
 * A round that does not count: it fills caches, lets V8 compile what is asked for often, as it is in any server that
 * has run for a minute, and shows whether the contestant can do it at all. Of slow clients, one answer.
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
