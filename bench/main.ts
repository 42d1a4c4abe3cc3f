/** `npm run bench`: measures Rangeway and its peers side by side. docs/performance.md says how to use it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { isInstalled } from './contestants/spawn.ts';
import { startLoad, type LoadGenerator } from './load/client.ts';
import { describeCommit, describeMachine, describeVersions } from './measure/machine.ts';
import { pin } from './measure/process-tree.ts';
import { inTemporaryFolder } from './measure/temporary-folder.ts';
import { startCeph } from './origin/ceph.ts';
import { makeCertificate } from './origin/certificate.ts';
import { startOriginProcess } from './origin/client.ts';
import { catalogue } from './origin/objects.ts';
import { HELP, parseBenchOptions, type BenchOptions } from './options.ts';
import { PARTS } from './parts/index.ts';
import type { Part, ServerPart } from './parts/part.ts';
import { writePages, writeRecord } from './report/files.ts';
import { toText } from './report/print.ts';
import { isResults } from './report/read.ts';
import type { PartRecord } from './report/record.ts';
import type { PartResult, Results } from './report/results.ts';
import { summarize } from './report/summarize.ts';
import { factTable, meanTable, ratioTable, targetTable } from './report/tables.ts';
import { runServers, type Bench } from './run-servers.ts';

const ROOT = join(import.meta.dirname, '..');

/** The core of load generator and origin, and the core of the contestants. */
const HELPERS_CORE = 1;
const CONTESTANT_CORE = 0;

/** One part of each kind. The other parts differ only in programs that may be missing, or take long to build. */
const SMOKE_PARTS = ['workerd', 'tls', 'lambda', 'growth', 'planning'];

/** Runs a command line. @returns whether a smoke run found no failure; always true for other runs */
async function main(options: BenchOptions): Promise<boolean> {
  if (options.tables) {
    writePages();
    return true;
  }
  const results = options.report === undefined ? await run(options) : readResults(options.report);
  if (options.report === undefined) writeResults(resolve(options.json), results);
  if (options.smoke) return isSound(results);
  const records = results.parts.map((part) => summarize(part, findPart(part.name), results));
  for (const record of records) printRecord(record);
  if (options.write) {
    // A part that failed or is not installed here keeps its earlier record.
    for (const record of records) if (record.cells.length > 0 || record.facts.length > 0) writeRecord(record);
    writePages();
  }
  return true;
}

async function run(options: BenchOptions): Promise<Results> {
  const parts = options.smoke && options.parts.length === 0 ? choose(SMOKE_PARTS) : choose(options.parts);
  const pinned = options.pin && availableParallelism() > 1 && isInstalled('taskset');
  // The helpers inherit this core; contestants are pinned to the other one.
  if (pinned) pin(process.pid, HELPERS_CORE);
  const load = await startLoad();
  try {
    const results = await inTemporaryFolder((folder) => runParts(parts, { options, load, pinned, folder }));
    const { rounds, seconds, large } = options;
    const commit = describeCommit(ROOT);
    return {
      made: new Date().toISOString(),
      commit,
      sameCode: options.beside
        .filter((folder) => folder === ROOT || describeCommit(folder) === commit)
        .map((folder) => basename(folder)),
      machine: describeMachine(),
      versions: describeVersions(),
      rounds,
      seconds,
      large,
      pinned,
      parts: results,
    };
  } finally {
    load.stop();
  }
}

interface RunContext {
  readonly options: BenchOptions;
  readonly load: LoadGenerator;
  readonly pinned: boolean;
  readonly folder: string;
}

async function runParts(
  parts: readonly Part[],
  { options, load, pinned, folder }: RunContext,
): Promise<readonly PartResult[]> {
  const { rounds, seconds, large, smoke, beside } = options;
  const origin = await startOriginProcess(large, makeCertificate(folder));
  const bench: Bench = {
    load,
    origin,
    objects: catalogue(large),
    rounds,
    seconds,
    warm: !smoke,
    core: pinned ? CONTESTANT_CORE : undefined,
    checkout: ROOT,
    beside,
    folder,
    reusedFolder: join(ROOT, `.rangeway/bench/${large / 1024 ** 2}`),
    log: console.log,
  };
  const results: PartResult[] = [];
  try {
    for (const part of parts) {
      console.log(`\n== ${part.title}`);
      results.push(await runPart(part, bench).catch((error: unknown) => toFailure(part, error)));
    }
    return results;
  } finally {
    origin.stop();
  }
}

function choose(names: readonly string[]): readonly Part[] {
  const unknown = names.find((name) => findPart(name) === undefined);
  if (unknown !== undefined) {
    throw new RangeError(`there is no part ${unknown}; there are ${PARTS.map(({ name }) => name).join(', ')}`);
  }
  return names.length === 0 ? PARTS : PARTS.filter(({ name }) => names.includes(name));
}

function findPart(name: string): Part | undefined {
  return PARTS.find((part) => part.name === name);
}

async function runPart(part: Part, bench: Bench): Promise<PartResult> {
  const { name, title } = part;
  if (part.type === 'facts') return { name, title, cells: [], facts: await part.measure(bench.rounds), skipped: [] };
  switch (part.storage) {
    case 'fast':
      return runServers(part, bench.origin.fast, bench);
    case 'shaped':
      return runServers(part, bench.origin.shaped, bench);
    case 'secure':
      return bench.origin.secure === undefined
        ? skip(part, 'openssl is not installed: see bench/packages.txt', bench)
        : runServers(part, bench.origin.secure, bench);
    case 'ceph':
      return runOverCeph(part, bench);
  }
}

async function runOverCeph(part: ServerPart, bench: Bench): Promise<PartResult> {
  if (!isInstalled('radosgw')) {
    return skip(part, "Ceph's radosgw is not installed: see test/s3/packages.txt", bench);
  }
  const ceph = await startCeph([bench.objects.medium], bench.folder);
  try {
    return await runServers(part, ceph.storage, bench);
  } finally {
    ceph.stop();
  }
}

function skip({ name, title }: Part, reason: string, bench: Bench): PartResult {
  bench.log(`SKIPPED ${name}: ${reason}`);
  return { name, title, cells: [], facts: [], skipped: [reason] };
}

/** Turns an error into a result, so that the other parts run. The exit code is 1 then. */
function toFailure({ name, title }: Part, error: unknown): PartResult {
  console.error(error);
  process.exitCode = 1;
  return {
    name,
    title,
    cells: [],
    facts: [],
    skipped: [`${name}: ${error instanceof Error ? error.message : 'failed'}`],
  };
}

function readResults(path: string): Results {
  const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (!isResults(value)) throw new TypeError(`${path} has no results of the bench`);
  return value;
}

function writeResults(path: string, results: Results): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(results, undefined, 2)}\n`);
  console.log(`\nresults: ${path}`);
}

function printRecord(record: PartRecord): void {
  for (const table of [ratioTable(record), meanTable(record), factTable(record), targetTable(record)]) {
    if (table.length > 0) console.log(`\n== ${record.title}\n${toText(table)}`);
  }
}

/** Whether Rangeway served all workloads, except one that is too large for a buffered response of Lambda. */
function isSound({ parts }: Results): boolean {
  const failed = parts
    .flatMap(({ cells }) => cells)
    .filter(({ role, failure }) => role === 'subject' && failure !== undefined);
  const unexpected = failed.filter(
    ({ contestant, workload }) => !(contestant === 'lambda-buffered' && workload === 'whole-8m'),
  );
  for (const { contestant, workload, failure } of unexpected) console.error(`${contestant} ${workload}: ${failure}`);
  return unexpected.length === 0;
}

const options = parseBenchOptions(process.argv.slice(2));
if (options === undefined) process.stdout.write(HELP);
else process.exit((await main(options)) ? process.exitCode : 1);
