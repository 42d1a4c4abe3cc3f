/**
 * Memory and sockets of the gateway while clients are slow and while they disconnect, on Node and in workerd:
 * `npm run test:memory`, or for one platform, `npm run test:memory -- node`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { download } from './client.ts';
import { figuresOf, mib, type Figures } from './figures.ts';
import { nodeOverS3, workerdOverR2, workerdOverS3, workerdWithBlocks, type Watched } from './platforms.ts';
import { watchPeak, whenHolds } from './settle.ts';

interface Check {
  readonly what: string;
  readonly holds: boolean;
}

const MiB = 1024 * 1024;
const SLOW_CLIENTS = 50;
/** Objects that they ask for: where there is a cache, some share blocks, and others have to find room for theirs. */
const SLOW_KEYS = 10;
/** In bytes a second. */
const SLOW_RATE = 100_000;
/** In ms. */
const SLOW_TIME = 15_000;
const ABORTED = 500;
const ABORTED_AT_ONCE = 10;
/** Until the sockets are back, in ms: the origin closes those that idle after 2 s. */
const SETTLE = 15_000;
/** Until the origin sees that a read is broken off, in ms; loose, because the machine may be busy. */
const MAX_BREAK = 1_000;

const platforms: Readonly<Record<string, () => Promise<Watched>>> = {
  node: nodeOverS3,
  'workerd-s3': workerdOverS3,
  'workerd-r2': workerdOverR2,
  'workerd-blocks': workerdWithBlocks,
};

/** Usual traffic, so that code is compiled and pools have their size. */
async function warmUp({ url, size, key }: Watched): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const first = (i * 7_654_321) % (size - MiB);
    const range = { Range: `bytes=${first}-${first + MiB - 1}` };
    const leaving = download({ url: `${url}/${key('warm')}`, status: 200, leaveAfter: { bytes: MiB, ms: 5_000 } });
    await Promise.all([leaving, download({ url: `${url}/${key('warm')}`, headers: range, status: 206 })]);
  }
}

async function slowClients({ url, key }: Watched): Promise<number> {
  const leaveAfter = { bytes: Infinity, ms: SLOW_TIME };
  const ask = { status: 200, rate: SLOW_RATE, leaveAfter };
  const urls = Array.from({ length: SLOW_CLIENTS }, (_, i) => `${url}/${key(`slow-${i % SLOW_KEYS}`)}`);
  const got = await Promise.all(urls.map((one) => download({ ...ask, url: one })));
  return got.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** @returns how long after each client's leaving the origin saw its read broken off, in ms; `undefined`: never */
async function abortedClients({ url, key, origin }: Watched): Promise<readonly (number | undefined)[]> {
  const left = new Map<string, number>();
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < ABORTED) {
      const name = key(`left-${next++}`);
      const ask = { url: `${url}/${name}`, status: 200, leaveAfter: { bytes: 300_000, ms: 5_000 } };
      left.set(name, (await download(ask)).leftAt ?? Number.NaN);
    }
  };
  await Promise.all(Array.from({ length: ABORTED_AT_ONCE }, work));
  if (origin === undefined) return [];
  await whenHolds(() => [...left.keys()].every((name) => origin.brokenAt(name) !== undefined), SETTLE);
  return [...left].map(([name, at]) => {
    const broken = origin.brokenAt(name);
    return broken === undefined ? undefined : broken - at;
  });
}

/** Watches a process while something goes on, and until it is back at rest. */
async function watch<T>({ pid, growth }: Watched, idle: Figures, name: string, work: () => Promise<T>) {
  const stop = watchPeak(pid);
  const result = await work();
  const peak = stop();
  const settled = await whenHolds(() => figuresOf(pid).sockets <= idle.sockets, SETTLE);
  const { sockets } = figuresOf(pid);
  const checks: readonly Check[] = [
    {
      what: `${name}: RSS at most ${mib(peak)} MiB, ${mib(peak - idle.rss)} MiB over idle of ${mib(growth)} allowed`,
      holds: peak - idle.rss <= growth,
    },
    {
      what: `${name}: ${sockets} sockets, ${idle.sockets} when idle, after ${Math.round(settled ?? SETTLE)} ms`,
      holds: settled !== undefined,
    },
  ];
  return { result, checks };
}

async function measure(platform: Watched): Promise<readonly Check[]> {
  const { pid, origin } = platform;
  await warmUp(platform);
  await whenHolds(() => (origin?.connections() ?? 0) === 0, SETTLE);
  await sleep(3_000);
  const idle = figuresOf(pid);
  console.log(`  idle: ${mib(idle.rss)} MiB, ${idle.sockets} sockets`);
  const slow = await watch(platform, idle, `${SLOW_CLIENTS} slow clients`, () => slowClients(platform));
  const left = await watch(platform, idle, `${ABORTED} that leave`, () => abortedClients(platform));
  const least = (SLOW_CLIENTS * SLOW_RATE * SLOW_TIME) / 1_000 / 2;
  const checks: Check[] = [
    { what: `slow clients got ${mib(slow.result)} MiB, all right`, holds: slow.result > least },
    ...slow.checks,
    ...left.checks,
  ];
  if (origin !== undefined) checks.push(brokenOff(left.result));
  return checks;
}

function brokenOff(times: readonly (number | undefined)[]): Check {
  const known = times.filter((time) => time !== undefined).toSorted((a, b) => a - b);
  const [median = Number.NaN, last = Number.NaN] = [known[Math.floor(known.length / 2)], known.at(-1)];
  return {
    what: `the origin sees ${known.length} of ${times.length} reads broken off, after ${median.toFixed(1)} ms in the median, ${last.toFixed(1)} ms at the most`,
    holds: known.length === times.length && last <= MAX_BREAK,
  };
}

const only = process.argv[2];
if (only !== undefined && !Object.hasOwn(platforms, only))
  throw new Error(`there is no platform ${only}; there are ${Object.keys(platforms).join(', ')}`);
let passed = 0;
let failed = 0;
for (const [name, start] of Object.entries(platforms)) {
  if (only !== undefined && only !== name) continue;
  console.log(name);
  const platform = await start();
  try {
    for (const { what, holds } of await measure(platform)) {
      console.log(`  ${holds ? 'ok' : 'FAILED'} ${what}`);
      if (holds) passed++;
      else failed++;
    }
  } finally {
    await platform.stop();
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
