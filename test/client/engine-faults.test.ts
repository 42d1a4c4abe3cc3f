import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { webFetcher } from '../../src/client/fetcher.ts';
import { nodeFetcher } from '../../src/platform/node/node-fetcher.ts';
import { share } from '../campaigns/share.ts';
import { runSchedule, type Outcome } from './faults/run.ts';
import { FAULTS } from './faults/scene.ts';
import { startFaultServer, type FaultServer } from './faults/server.ts';

const SCHEDULES = share(2_000);
const WIDTH = 24;

let folder: string;
let server: FaultServer;
const fetcher = nodeFetcher({ timeout: 1_000 });
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-get-'));
  server = await startFaultServer();
});
afterAll(async () => {
  fetcher.destroy();
  await server.close();
  await rm(folder, { recursive: true });
});

test.for([
  ["Node's sockets", SCHEDULES, fetcher, false],
  // The fetch of Node 24 throws an uncaught assertion if a connection ends while its body is not read.
  ['the global fetch', Math.ceil(SCHEDULES / 4), webFetcher(), true],
] as const)(
  'over %s, each of %i schedules of faults ends with exactly one version, or with an error and no file',
  { timeout: 1_200_000 },
  async ([, schedules, through, resetsOnly]) => {
    const { RANGEWAY_FAULT_SEED: only } = process.env;
    const first = only === undefined ? 20_261_129 : Number(only);
    const last = only === undefined ? first + schedules : first + 1;
    const outcomes: Outcome[] = [];
    const failures: string[] = [];
    let next = first;
    const work = async () => {
      while (next < last) {
        const seed = next++;
        try {
          outcomes.push(await runSchedule(seed, server, through, folder, resetsOnly));
        } catch (error) {
          failures.push(error instanceof Error ? error.message : String(error));
        }
      }
    };
    await Promise.all(Array.from({ length: WIDTH }, work));
    console.log(summarise(outcomes));
    expect(failures).toEqual([]);
    if (schedules >= 100 && only === undefined) {
      expect(FAULTS.filter((one) => !outcomes.some(({ met }) => met.has(one)))).toEqual([]);
    }
  },
);

/** A line for each fault: how many schedules met it, and how they ended. */
function summarise(outcomes: readonly Outcome[]): string {
  const line = (name: string, some: readonly Outcome[]) => {
    const codes = new Map<string, number>();
    for (const { code = 'whole' } of some) codes.set(code, (codes.get(code) ?? 0) + 1);
    return `${name}: ${some.length}: ${[...codes].map(([code, count]) => `${count} ${code}`).join(', ')}`;
  };
  const parallel = outcomes.filter(({ connections }) => connections > 1).length;
  const all = `${line('schedules', outcomes)}; ${parallel} had several connections, ${outcomes.filter(({ restarts }) => restarts > 0).length} began again`;
  return [
    all,
    ...FAULTS.map((fault) =>
      line(
        fault,
        outcomes.filter(({ met }) => met.has(fault)),
      ),
    ),
  ].join('\n');
}
