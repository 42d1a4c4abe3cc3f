import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { share } from '../campaigns/share.ts';
import { killAll, MAIN, run, start } from '../cli/commands.ts';
import { drawBytes, longBytes, random } from '../faults/random.ts';
import { plainScene } from './faults/scene.ts';
import { startFaultServer, type FaultServer } from './faults/server.ts';

/** Each takes a second, so that few are run by default. */
const KILLS = process.env['RANGEWAY_CAMPAIGN'] === undefined ? 12 : share(1_000);
const WIDTH = 4;
const SIZE = 3 * 1024 * 1024;

let folder: string;
let server: FaultServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-killed-'));
  server = await startFaultServer();
});
afterAll(async () => {
  killAll();
  await server.close();
  await rm(folder, { recursive: true });
});

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

/** Downloads one file, with kills at random moments of a run, until a run reaches its end. */
async function downloadKilled(seed: number, kills: number): Promise<number> {
  const { int } = random(seed);
  const bytes = drawBytes(random(seed), SIZE);
  const scene = plainScene(seed, [bytes], 5_000);
  server.scenes.set(seed, scene);
  const name = `${seed}.bin`;
  const args = ['get', server.urlOf(scene), '-o', name, '--quiet'];
  let killed = 0;
  while (killed < kills) {
    const { child } = start(args, { cwd: folder });
    const closed = once(child, 'close');
    // The first moments are the start of Node, which writes nothing.
    const timer = setTimeout(() => child.kill('SIGKILL'), int(150, 1_200));
    const [code] = await closed;
    clearTimeout(timer);
    if (code !== null) break;
    killed++;
  }
  if (!(await exists(join(folder, name)))) {
    const { code, err } = await run(args, { cwd: folder });
    if (code !== 0) throw new Error(`seed ${seed}: exit ${code}: ${err}`);
  }
  // A run that was killed after the file had its name leaves other files; the next run removes them.
  const left = async () => (await readdir(folder)).filter((one) => one.startsWith(`${seed}.`) && one !== name);
  if ((await left()).length > 0) await run(args, { cwd: folder });
  expect(Buffer.compare(await readFile(join(folder, name)), bytes), `seed ${seed}`).toBe(0);
  expect(await left(), `seed ${seed}`).toEqual([]);
  await rm(join(folder, name));
  return killed;
}

test(`after ${KILLS} kills, each file is exact when it is complete`, { timeout: 3_600_000 }, async () => {
  let killed = 0;
  let seed = 1;
  const work = async () => {
    while (killed < KILLS) killed += await downloadKilled(seed++, 3);
  };
  await Promise.all(Array.from({ length: WIDTH }, work));
  console.log(`${killed} kills of ${seed - 1} downloads: all files are exact`);
  expect(killed).toBeGreaterThanOrEqual(KILLS);
});

/** Bytes a second of each connection. */
const RATE = 3_000_000;

/**
 * Kills a download through some connections at a random moment, and continues it.
 *
 * @returns how many bytes were sent twice, and how many may be
 */
async function killOnce(seed: number) {
  const draw = random(seed);
  const connections = draw.int(1, 6);
  const bytes = longBytes(20_000_000);
  const scene = plainScene(seed, [bytes], RATE / 1_000);
  server.scenes.set(seed, scene);
  const name = `${seed}.bin`;
  const args = ['get', server.urlOf(scene), '-o', name, '-c', String(connections), '--quiet'];
  const { child } = start(args, { cwd: folder });
  const closed = once(child, 'close');
  const moment = draw.int(1_000_000, 18_000_000);
  while (scene.sent < moment) await new Promise((resolve) => void setTimeout(resolve, 10));
  child.kill('SIGKILL');
  await closed;
  const { code, err } = await run(args, { cwd: folder });
  expect(code, err).toBe(0);
  expect(Buffer.compare(await readFile(join(folder, name)), bytes), `seed ${seed}`).toBe(0);
  await rm(join(folder, name));
  server.scenes.delete(seed);
  return { seed, again: scene.sent - bytes.length, most: connections * (2 * RATE + 4 * 1024 * 1024) };
}

const LOSSES = Math.ceil(KILLS / 4);

test(
  `each of ${LOSSES} kills loses at most what two seconds bring, and 4 MiB of a connection`,
  { timeout: 1_800_000 },
  async () => {
    const losses: Awaited<ReturnType<typeof killOnce>>[] = [];
    let next = 800_000;
    const work = async () => {
      while (next < 800_000 + LOSSES) losses.push(await killOnce(next++));
    };
    await Promise.all(Array.from({ length: 2 }, work));
    const shares = losses.map(({ again, most }) => again / most).toSorted((a, b) => a - b);
    const [median, largest] = [shares[shares.length >> 1], shares.at(-1)].map(
      (one = 0) => `${Math.round(one * 100)} %`,
    );
    const again = losses.reduce((sum, one) => sum + one.again, 0) / losses.length;
    console.log(
      `${losses.length} kills: ${Math.round(again)} bytes sent again a kill; of the bound ${median}, at most ${largest}`,
    );
    expect(losses.filter((one) => one.again > one.most)).toEqual([]);
  },
);

/** Whether system calls can be traced here: Linux, with the program, and allowed to. */
const canTrace = spawnSync('strace', ['-e', 'trace=none', 'true']).status === 0;

test.skipIf(!canTrace)(
  'data are synced before the journal, and the journal before its name',
  { timeout: 60_000 },
  async () => {
    const bytes = longBytes(5_000_000);
    const scene = plainScene(900_002, [bytes], 2_000);
    server.scenes.set(scene.seed, scene);
    const trace = join(folder, 'trace');
    const tracing = ['-f', '-y', '-s', '500', '-o', trace, '-e', 'trace=fdatasync,fsync,rename,link,unlink'];
    const command = [
      process.execPath,
      MAIN,
      'get',
      server.urlOf(scene),
      '-o',
      join(folder, 'traced.bin'),
      '-c',
      '1',
      '-q',
    ];
    const child = spawn('strace', [...tracing, ...command], { stdio: 'ignore' });
    expect(await once(child, 'close')).toEqual([0, null]);
    const lines = (await readFile(trace, 'utf8')).split('\n');
    const steps = lines.flatMap((line) => STEPS.filter(([, pattern]) => pattern.test(line)).map(([name]) => name));
    expect(steps.join(' ')).toMatch(/^(?:data journal name folder )+data link folder removed folder part-removed$/);
    expect(steps.filter((step) => step === 'name').length).toBeGreaterThan(1);
  },
);

/** System calls by their lines in a trace. */
const STEPS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['data', /\bf(?:data)?sync\(\d+<[^>]*\.part>/],
  ['journal', /\bf(?:data)?sync\(\d+<[^>]*\.rangeway\.new>/],
  ['name', /\brename\("[^"]*\.rangeway\.new"/],
  ['link', /\blink\("[^"]*\.part"/],
  ['removed', /\bunlink\("[^"]*\.rangeway"/],
  ['part-removed', /\bunlink\("[^"]*\.part"/],
  ['folder', /\bfsync\(\d+<[^>]*rangeway-killed-\w+>/],
];

test(
  'a second process is refused while the first one runs, and the file stays whole',
  { timeout: 60_000 },
  async () => {
    const bytes = longBytes(6_000_000);
    const scene = plainScene(900_001, [bytes], 3_000);
    server.scenes.set(scene.seed, scene);
    const args = ['get', server.urlOf(scene), '-o', 'two.bin', '--quiet'];
    const { child } = start(args, { cwd: folder });
    const closed = once(child, 'close');
    while (!(await exists(join(folder, 'two.bin.part')))) await new Promise((resolve) => void setTimeout(resolve, 5));
    const second = await run(args, { cwd: folder });
    expect([second.code, second.err]).toEqual([2, expect.stringContaining(`process ${child.pid}`)]);
    expect(await closed).toEqual([0, null]);
    expect(Buffer.compare(await readFile(join(folder, 'two.bin')), bytes)).toBe(0);
  },
);
