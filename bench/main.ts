/** `npm run bench`: Rangeway and its peers side by side. See docs/performance.md. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { isInstalled } from './contestants/spawn.ts';
import { startLoad } from './load/client.ts';
import { describeMachine, describeVersions } from './measure/machine.ts';
import { pin } from './measure/process-tree.ts';
import { inTemporaryFolder } from './measure/temporary-folder.ts';
import { startCeph } from './origin/ceph.ts';
import { makeCertificate } from './origin/certificate.ts';
import { startOriginProcess } from './origin/client.ts';
import { catalogue } from './origin/objects.ts';
import { HELP, parseBenchOptions, type BenchOptions } from './options.ts';
import { PARTS } from './parts/index.ts';
import type { Part, ServerPart } from './parts/part.ts';
import { writeDocument } from './report/document.ts';
import { toText } from './report/print.ts';
import { isResults } from './report/read.ts';
import type { PartResult, Results } from './report/results.ts';
import { factTable, ratioTable, targetTable } from './report/tables.ts';
import { runServers, type Bench } from './run-servers.ts';

const ROOT = join(import.meta.dirname, '..');

/** The core that helpers share, and the one that contestants get. */
const HELPERS_CORE = 1;
const CONTESTANT_CORE = 0;

/** One of each kind; the others differ in what is installed, or take long to build. */
const SMOKE_PARTS = ['workerd', 'tls', 'lambda', 'growth', 'planning'];

async function main(options: BenchOptions): Promise<boolean> {
  const results = options.report === undefined ? await run(options) : readResults(options.report);
  if (options.report === undefined) {
    const path = resolve(options.json);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${JSON.stringify(results, undefined, 2)}\n`);
    console.log(`\nresults: ${path}`);
  }
  // Smoke's figures mean nothing.
  if (!options.smoke) {
    for (const part of results.parts) printPart(part);
    console.log(`\n== targets\n${toText(targetTable(results))}`);
  }
  if (options.write) writeDocument(join(ROOT, 'docs/performance.md'), results, PARTS);
  return !options.smoke || isSound(results);
}

async function run(options: BenchOptions): Promise<Results> {
  const parts = options.smoke && options.parts.length === 0 ? choose(SMOKE_PARTS) : choose(options.parts);
  const { rounds, seconds, large, smoke, beside } = options;
  const pinned = options.pin && availableParallelism() > 1 && isInstalled('taskset');
  // Inherited by all that is started; contestants are moved away.
  if (pinned) pin(process.pid, HELPERS_CORE);
  const load = await startLoad();
  try {
    const done = await inTemporaryFolder(async (folder) => {
      const origin = await startOriginProcess(large, makeCertificate(folder));
      const core = pinned ? CONTESTANT_CORE : undefined;
      const kept = join(ROOT, `.rangeway/bench/${large / 1024 ** 2}`);
      const objects = catalogue(large);
      const bench: Bench = {
        load,
        origin,
        objects,
        rounds,
        seconds,
        warm: !smoke,
        core,
        checkout: ROOT,
        beside,
        folder,
        kept,
        say: console.log,
      };
      const made: PartResult[] = [];
      try {
        for (const part of parts) {
          console.log(`\n== ${part.title}`);
          made.push(await runPart(part, bench).catch((error: unknown) => toFailure(part, error)));
        }
        return made;
      } finally {
        origin.stop();
      }
    });
    const versions = describeVersions();
    return {
      made: new Date().toISOString(),
      machine: describeMachine(),
      versions,
      rounds,
      seconds,
      large,
      pinned,
      parts: done,
    };
  } finally {
    load.stop();
  }
}

function choose(names: readonly string[]): readonly Part[] {
  const unknown = names.find((name) => !PARTS.some((part) => part.name === name));
  if (unknown !== undefined) {
    throw new RangeError(`there is no part ${unknown}; there are ${PARTS.map(({ name }) => name).join(', ')}`);
  }
  return names.length === 0 ? PARTS : PARTS.filter(({ name }) => names.includes(name));
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

function skip({ name, title }: Part, why: string, bench: Bench): PartResult {
  bench.say(`SKIPPED ${name}: ${why}`);
  return { name, title, cells: [], facts: [], skipped: [why] };
}

/** One part that can't be run takes no other with it. */
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

function printPart(part: PartResult): void {
  const plan = PARTS.find(({ name }) => name === part.name);
  for (const table of [ratioTable(part, plan), factTable(part)]) {
    if (table.length > 0) console.log(`\n== ${part.title}\n${toText(table)}`);
  }
}

/** Rangeway has answered everything, and rightly, but for what a form of it can't send. */
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
