import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LogEntry } from '../../src/observe/log.ts';
import { startSceneOrigin } from './campaign.ts';
import { startNodeGateway } from './node-gateway.ts';
import type { Origin, Scene } from './origin.ts';
import { hasPrograms, programs, runProgram, workFolder, type Program } from './programs.ts';
import { longBytes, random } from './random.ts';
import type { Gateway } from './run.ts';
import { makeVersion } from './stored-object.ts';
import { startWorkerdGateway } from './workerd-gateway.ts';

const SIZE = 24_000_001;
/** A client that begins anew only once a MB, and never gets further than that, is given up after so many times. */
const MOST_RUNS = 80;
/**
 * Requests that aria2c makes in one run and not in another: it splits by how fast each connection is. A client that
 * noticed the breaks would ask once more for each, 24 times.
 */
const MOST_SPLITS = 5;

interface LoggingGateway extends Gateway {
  readonly log: readonly Pick<LogEntry, 'key' | 'outcome'>[];
  stop(): Promise<void>;
}

const platforms: Readonly<Record<string, (endpoint: string) => Promise<LoggingGateway>>> = {
  Node: startNodeGateway,
  workerd: startWorkerdGateway,
};

const bytes = longBytes(SIZE);
const object = { versions: [makeVersion(bytes, 0, false)], current: 0 };

/** The file whose connections are all right. */
const calm: Scene = { object, fault: () => undefined };

/** The same file, but each connection breaks after about a MB of it. */
function rolling(): Scene {
  const draw = random(1);
  return {
    object,
    fault({ sound }) {
      const after = draw.int(900_000, 1_100_000);
      return sound.body.length > after ? { kind: 'reset', after } : undefined;
    },
  };
}

describe.skipIf(!hasPrograms()).each(Object.keys(platforms))(
  'real clients of a storage that breaks every MB, on %s',
  (name) => {
    let origin: Origin;
    let gateway: LoggingGateway;
    let scenes: Map<string, Scene>;
    beforeAll(async () => {
      ({ origin, scenes } = await startSceneOrigin());
      const start = platforms[name];
      if (start === undefined) throw new Error(`no platform ${name}`);
      gateway = await start(origin.endpoint);
    });
    afterAll(async () => {
      await gateway.stop();
      await origin.stop();
    });

    /** Has a client download the object until it says that it is done. */
    async function download(program: Program, key: string, scene: Scene) {
      using folder = workFolder();
      scenes.set(key, scene);
      const path = join(folder.path, 'file');
      let runs = 1;
      while ((await runProgram(program(`${gateway.url}/${key}`, path), folder.path)) !== 0) {
        if (runs++ === MOST_RUNS) throw new Error(`not done after ${MOST_RUNS} runs`);
      }
      const got = await readFile(path);
      const entries = () => gateway.log.filter((entry) => entry.key === key);
      // The last line may be written after the last byte.
      await expect.poll(() => entries().length).toBeGreaterThan(0);
      return { runs, isExact: Buffer.compare(got, bytes) === 0, entries };
    }

    test.each(Object.entries(programs))(
      '%s downloads the whole file',
      { timeout: 120_000 },
      async (client, program) => {
        const before = origin.faults('reset');
        const broken = await download(program, `${client}/rolling`, rolling());
        expect(broken.isExact).toBe(true);
        expect(origin.faults('reset') - before).toBeGreaterThan(SIZE / 1_200_000);
        if (!gateway.resumes) return;
        // The client noticed nothing: one run, no broken response, and no request made twice.
        const whole = await download(program, `${client}/calm`, calm);
        expect(broken.runs).toBe(1);
        expect(broken.entries().filter(({ outcome }) => outcome === 'failed').length).toBe(0);
        const more = () => broken.entries().length - whole.entries().length;
        if (client === 'aria2c') await expect.poll(() => Math.abs(more())).toBeLessThanOrEqual(MOST_SPLITS);
        else await expect.poll(more).toBe(0);
      },
    );
  },
);
