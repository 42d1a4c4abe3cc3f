import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEngine } from '../../src/client/engine.ts';
import { nodeFetcher } from '../../src/platform/node/node-fetcher.ts';
import { share } from '../campaigns/share.ts';
import { drawBytes, random } from '../faults/random.ts';
import { FAST_RULES } from './faults/run.ts';
import { plainScene } from './faults/scene.ts';
import { startFaultServer, type FaultServer } from './faults/server.ts';
import { volatileDisk } from './faults/volatile-disk.ts';

const SCHEDULES = share(1_000);
const WIDTH = 16;

let server: FaultServer;
const fetcher = nodeFetcher({ timeout: 5_000 });
beforeAll(async () => {
  server = await startFaultServer();
});
afterAll(async () => {
  fetcher.destroy();
  await server.close();
});

/** Downloads an object that changes, and changes back, with crashes at random moments, and compares the file. */
async function downloadCrashing(seed: number): Promise<void> {
  const draw = random(seed);
  const size = draw.int(20_000, 300_000);
  const contents = [drawBytes(draw, size), drawBytes(draw, size)];
  const scene = plainScene(seed, [...contents, ...contents, ...contents], draw.pick([200, 1_000]), draw.int(1, 3));
  server.scenes.set(seed, scene);
  const disk = volatileDisk(draw);
  for (let crashes = draw.int(1, 4); ; crashes--) {
    const abort = new AbortController();
    const engine = startEngine({
      url: server.urlOf(scene),
      // Nothing stalls here but a busy machine.
      rules: { ...FAST_RULES, stallTimeout: 10_000, tries: 50 },
      target: disk.target(),
      fetcher,
      fields: { 'accept-encoding': 'identity' },
      signal: abort.signal,
      refresh: undefined,
      checksum: undefined,
      pieces: undefined,
      isVerified: true,
      checkpoints: { bytes: 20_000, interval: 20, maxAtRisk: 60_000 },
      rateLimit: undefined,
    });
    engine.done.catch(() => undefined);
    if (crashes === 0) {
      await engine.done;
      break;
    }
    const crash = new Promise((resolve) => void setTimeout(resolve, draw.int(1, 300), 'crash'));
    if ((await Promise.race([engine.done, crash])) !== 'crash') break;
    disk.crash();
    abort.abort();
  }
  server.scenes.delete(seed);
  const file = Buffer.from(disk.file() ?? []);
  if (!contents.some((bytes) => file.equals(bytes))) throw new Error(`seed ${seed}: the file is no version`);
}

test(
  `after crashes that lose unsynced bytes, ${SCHEDULES} files are exactly one version`,
  { timeout: 1_200_000 },
  async () => {
    const failures: string[] = [];
    let next = 1;
    const work = async () => {
      while (next <= SCHEDULES) {
        await downloadCrashing(next++).catch((error: unknown) => failures.push(String(error)));
      }
    };
    await Promise.all(Array.from({ length: WIDTH }, work));
    expect(failures).toEqual([]);
  },
);
