import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDownloadError } from '../../../src/client/download-error.ts';
import { startEngine } from '../../../src/client/engine.ts';
import type { Fetcher } from '../../../src/client/fetcher.ts';
import type { Rules } from '../../../src/client/plan-types.ts';
import { fileTarget } from '../../../src/client/sinks/node-file.ts';
import type { FaultServer } from './server.ts';
import { drawScene, type Fault } from './scene.ts';

/** The outcome of a schedule. */
export interface Outcome {
  readonly seed: number;
  readonly outcome: 'whole' | 'error';
  /** The code of the error. */
  readonly code: string | undefined;
  readonly met: ReadonlySet<Fault>;
  readonly responses: number;
  readonly restarts: number;
  /** The most connections at once. */
  readonly connections: number;
}

/** Times and sizes are small, so that connections are added and replaced within a schedule. */
export const FAST_RULES: Rules = {
  connections: 4,
  onChange: 'restart',
  tries: 6,
  restarts: 5,
  stallTimeout: 300,
  firstPause: 5,
  splitAfter: 100,
  helpAfter: 100,
  leastHalf: 2_000,
  isSequential: false,
  canRefresh: false,
  unsafeResume: false,
  acceptsUnframed: false,
};

/**
 * Runs the schedule of a seed, and checks the promise: either the file is exactly one version that the server had, or
 * there is an error and no file.
 *
 * @param resetsOnly whether no connection ends while its body is incomplete, but for resets
 * @throws Error that describes the broken promise
 */
export async function runSchedule(
  seed: number,
  server: FaultServer,
  fetcher: Fetcher,
  folder: string,
  resetsOnly: boolean,
): Promise<Outcome> {
  const scene = drawScene(seed, resetsOnly);
  server.scenes.set(seed, scene);
  const path = join(folder, `${seed}.bin`);
  const rules: Rules = { ...FAST_RULES, onChange: scene.draw.chance(0.2) ? 'fail' : 'restart' };
  let connections = 0;
  let restarts = 0;
  let code: string | undefined;
  let isVerified = false;
  for (const interruption of [...scene.interruptions, undefined]) {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), interruption ?? 60_000);
    const { sink, journal } = fileTarget(path);
    const engine = startEngine({
      url: server.urlOf(scene),
      rules,
      target: scene.draw.chance(0.5) ? { sink, journal } : () => Promise.resolve({ sink, journal }),
      fetcher,
      fields: { 'accept-encoding': 'identity' },
      signal: abort.signal,
      refresh: undefined,
      checksum: undefined,
      pieces: undefined,
      isVerified: true,
      checkpoints: { bytes: 50_000, interval: 50, maxAtRisk: 200_000 },
      rateLimit: undefined,
    });
    const watch = setInterval(() => (connections = Math.max(connections, engine.plan().connections.length)), 20);
    try {
      isVerified = (await engine.done).verification.type !== 'none';
      code = undefined;
    } catch (error) {
      if (!isDownloadError(error)) throw error;
      code = error.failure.code;
    } finally {
      clearTimeout(timer);
      clearInterval(watch);
      restarts += engine.plan().restarts;
    }
    if (code !== 'aborted') break;
    if (interruption === undefined) throw new Error(`${describe()}: it does not end`);
  }
  function describe() {
    return `seed ${seed} (${[...scene.faults].join(', ')})`;
  }
  const file = await readFile(path).catch(() => undefined);
  const left = (await readdir(folder)).filter((name) => name.startsWith(`${seed}.`) && name !== `${seed}.bin`);
  if (code === undefined) {
    const mayBeCorrupt = scene.faults.has('corrupt') && !scene.hasDigest && !isVerified;
    const isOne = scene.versions.some(({ bytes }) => file !== undefined && Buffer.from(bytes).equals(file));
    if (!isOne && !mayBeCorrupt) throw new Error(`${describe()}: exit 0, and the file is no version (${file?.length})`);
    if (left.length > 0) throw new Error(`${describe()}: exit 0, and ${left.join(', ')} is left`);
  } else if (file !== undefined) throw new Error(`${describe()}: ${code}, and there is a file`);
  if (left.some((name) => name.endsWith('.lock') || name.endsWith('.new')))
    throw new Error(`${describe()}: ${left.join(', ')} is left`);
  await Promise.all(
    [file === undefined ? '' : `${seed}.bin`, ...left]
      .filter((name) => name !== '')
      .map((name) => rm(join(folder, name))),
  );
  server.scenes.delete(seed);
  return {
    seed,
    outcome: code === undefined ? 'whole' : 'error',
    code,
    met: scene.met,
    responses: scene.responses,
    restarts,
    connections,
  };
}
