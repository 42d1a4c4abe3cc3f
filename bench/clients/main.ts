/** `npm run bench:clients`: `rangeway get` beside other clients, in speed and under faults. Needs `npm run build`. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine } from '../measure/machine.ts';
import { inTemporaryFolder } from '../measure/temporary-folder.ts';
import { CELLS, meetFaults } from './faults.ts';
import { PROGRAMS } from './programs.ts';
import { parseClientsRecord, summarizeFaults, summarizeSpeeds, toClientsPage, type ClientsRecord } from './record.ts';
import { measureSpeed } from './speed.ts';

const HELP = `npm run bench:clients --    runs all clients that are installed (bench/packages.txt, bench/package.json)
  --only PART       speed or faults; with --write, the other part stays too
  --clients A,B     only these; with --write, the others stay as they are on record
  --rounds N        of each speed (default: 9)
  --mib N           size of the largest object (default: 1024)
  --seeds N         files of each fault (default: 3)
  --width N         files at once, under faults (default: 2)
  --smoke           one short round of get and curl; fails if get does
  --write           put the results on record: bench/clients/results, docs/download-clients.md
  --tables          only make the page again, from the record
`;

const SMOKE_CELLS: ReadonlySet<string> = new Set(['breaks and changes', 'one wrong byte, with a digest']);

const RESULTS = join(import.meta.dirname, 'results');
const PAGE = join(import.meta.dirname, '../../docs/download-clients.md');

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    clients: { type: 'string' },
    rounds: { type: 'string', default: '9' },
    mib: { type: 'string', default: '1024' },
    seeds: { type: 'string', default: '3' },
    width: { type: 'string', default: '2' },
    smoke: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    tables: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

async function run(folder: string): Promise<ClientsRecord> {
  const names = values.smoke ? ['rangeway', 'curl'] : values.clients?.split(',');
  const wanted = PROGRAMS.filter(({ name }) => names === undefined || names.includes(name));
  const programs = wanted.filter((program) => program.isInstalled());
  for (const { name } of wanted) if (!programs.some((one) => one.name === name)) console.log(`SKIPPED ${name}`);
  const common = (part: 'speed' | 'faults') => ({
    programs: programs.filter(({ only = part }) => only === part),
    folder,
    log: console.log,
  });
  const rounds = values.smoke ? 1 : Number(values.rounds);
  const mib = values.smoke ? 16 : Number(values.mib);
  const seeds = values.smoke ? 1 : Number(values.seeds);
  const cells = values.smoke ? CELLS.filter(({ name }) => SMOKE_CELLS.has(name)) : CELLS;
  const speeds = values.only === 'faults' ? [] : await measureSpeed({ ...common('speed'), rounds, mib });
  const width = Number(values.width);
  const faults = values.only === 'speed' ? [] : await meetFaults({ ...common('faults'), cells, seeds, width });
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: describeMachine(),
    rounds,
    mib,
    speeds: summarizeSpeeds(speeds),
    faults: summarizeFaults(faults),
  };
}

function isOwn({ program }: { readonly program: string }): boolean {
  return program === 'rangeway';
}

/** Whether `get` has downloaded all files, and under faults none that is wrong. */
function isSound({ speeds, faults }: ClientsRecord): boolean {
  const failed = speeds.filter(isOwn).some((one) => one.failed > 0);
  return !failed && faults.some(isOwn) && faults.filter(isOwn).every(({ wrong }) => wrong === 0);
}

/** Takes the part, and the clients, that were not run from the record. */
function completed(record: ClientsRecord): ClientsRecord {
  if (!existsSync(join(RESULTS, 'record.json'))) return record;
  const { rounds, mib, speeds, faults } = readRecord();
  return {
    ...record,
    ...(values.only === 'faults' ? { rounds, mib } : {}),
    speeds: [...othersOf(speeds, record.speeds), ...record.speeds],
    faults: [...othersOf(faults, record.faults), ...record.faults],
  };
}

function othersOf<One extends { readonly program: string }>(old: readonly One[], now: readonly One[]): readonly One[] {
  const programs = new Set(now.map(({ program }) => program));
  return old.filter(({ program }) => !programs.has(program));
}

function readRecord(): ClientsRecord {
  return parseClientsRecord(readFileSync(join(RESULTS, 'record.json'), 'utf8'));
}

function write(record: ClientsRecord): void {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, 'record.json'), `${JSON.stringify(record, undefined, 1)}\n`);
  writeFileSync(PAGE, toClientsPage(record));
}

if (values.help) process.stdout.write(HELP);
else if (values.tables) write(readRecord());
else {
  const record = await inTemporaryFolder(run);
  console.log(`\n${toClientsPage(record)}`);
  if (values.write) write(completed(record));
  if (values.smoke && !isSound(record)) process.exitCode = 1;
}
