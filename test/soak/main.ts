/**
 * A fixed load of mixed clients through `rangeway serve --s3`, watched: `npm run soak -- --minutes 10 --every 10`.
 * Fails where a byte is wrong, a request is answered otherwise than it should be, the gateway complains, its
 * resident set grows or its sockets stay.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { chooseSeed } from '../fuzz/random.ts';
import { figuresOf, mib } from './figures.ts';
import { startGateway } from './gateway-process.ts';
import { runLoad, type RequestStats } from './load.ts';
import { startOrigin } from './origin.ts';
import { watchPeak, whenHolds } from './settle.ts';

/** How much the resident set may be above that after the warm-up, in bytes. */
const MAX_GROWTH = 64 * 1024 * 1024;
/** Until the sockets are back, in ms: the origin closes those that idle after 2 s. */
const SETTLE = 15_000;

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, every: { type: 'string', default: '10' } },
});
const duration = Number(values.minutes) * 60_000;
const every = Number(values.every) * 1_000;
if (!(duration > 0 && every > 0)) throw new Error('usage: npm run soak -- --minutes N --every SECONDS');
/** Until the code is compiled and the heap has its size. */
const warmUp = Math.min(60_000, duration / 4);

const seed = chooseSeed();
const origin = await startOrigin();
const gateway = await startGateway(origin.url);
const { pid } = gateway;
await whenHolds(() => origin.connections() === 0, SETTLE);
const idle = figuresOf(pid);
console.log(`seed ${seed}; the gateway idles with ${mib(idle.rss)} MiB and ${idle.sockets} sockets`);

const stats: RequestStats = { requests: 0, bytes: 0, errors: [] };
const stop = new AbortController();
const load = runLoad(gateway.url, seed, stats, stop.signal);
const began = performance.now();
const reporting = report();
await sleep(warmUp);
const warm = figuresOf(pid).rss;
console.log(`warm after ${warmUp / 1000} s: ${mib(warm)} MiB`);
const peakSinceWarm = watchPeak(pid);
await sleep(duration - warmUp);
stop.abort();
await Promise.all([load, reporting]);
const peak = peakSinceWarm();
const settled = await whenHolds(() => figuresOf(pid).sockets <= idle.sockets, SETTLE);
const { sockets, cpu } = figuresOf(pid);
await gateway.stop();
origin.stop();

async function report(): Promise<void> {
  let before = { ...figuresOf(pid), ...stats };
  while (!stop.signal.aborted) {
    await sleep(every, undefined, { signal: stop.signal }).catch(() => undefined);
    const now = { ...figuresOf(pid), ...stats };
    const seconds = Math.round((performance.now() - began) / 1000);
    console.log(
      `${seconds} s: ${now.requests} requests (+${now.requests - before.requests}), ${now.errors.length} errors, ` +
        `${mib(now.bytes)} MiB (+${mib(now.bytes - before.bytes)}), RSS ${mib(now.rss)} MiB, ` +
        `${now.sockets} sockets, CPU ${(now.cpu - before.cpu).toFixed(2)} s`,
    );
    before = now;
  }
}

const checks: readonly (readonly [what: string, holds: boolean])[] = [
  [`${stats.requests} requests, ${mib(stats.bytes)} MiB, ${cpu.toFixed(1)} s of CPU`, stats.requests > 0],
  [`${stats.errors.length} wrong answers${list(stats.errors)}`, stats.errors.length === 0],
  [
    `${gateway.complaints.length} complaints of the gateway${list(gateway.complaints)}`,
    gateway.complaints.length === 0,
  ],
  [`RSS at most ${mib(peak)} MiB, ${mib(peak - warm)} MiB over that after the warm-up`, peak - warm <= MAX_GROWTH],
  [
    settled === undefined
      ? `${sockets} sockets are open, ${idle.sockets} were at first`
      : `sockets back at ${sockets} after ${Math.round(settled)} ms`,
    settled !== undefined,
  ],
];

function list(lines: readonly string[]): string {
  return lines
    .slice(0, 5)
    .map((line) => `\n    ${line}`)
    .join('');
}

for (const [what, holds] of checks) console.log(`${holds ? 'ok' : 'FAILED'} ${what}`);
const failed = checks.filter(([, holds]) => !holds).length;
console.log(`${checks.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
