import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  OWN_CONFIG,
  OWN_S3_CONFIG,
  startWorkerd,
  type Workerd,
  type WorkerdOptions,
} from '../../src/cli/dev/workerd.ts';
import { bytesAt } from './content.ts';
import { childrenNamed } from './figures.ts';
import { CREDENTIALS, startGateway } from './gateway-process.ts';
import { keyOf, startOrigin, type Origin } from './origin.ts';

/** A gateway in a process that can be looked at. */
export interface Watched {
  /** Without a slash at its end. */
  readonly url: string;
  readonly pid: number;
  /** Of the large object, in bytes. */
  readonly size: number;
  /** How much the resident set may be above the idle one, in bytes. */
  readonly growth: number;
  /** Another key of the large object for each name, where the storage lets it have several. */
  key(name: string): string;
  /** Its origin, if that can be observed too. */
  readonly origin?: Origin;
  stop(): Promise<void>;
}

const SPARSE = 5 * 1024 ** 3;
/** The simulator keeps its objects in files, so a large one is not so large. */
const STORED = 256 * 1024 ** 2;

const GROWTH = 64 * 1024 ** 2;
/**
 * workerd takes 1.7 MB for a connection from fetch to a client that is slow, and keeps it for the next: with 50 of
 * them a Worker that does nothing but pass a body on grows by 127 MiB, one that pipes it through a FixedLengthStream by
 * 86, and this gateway by 83. Whatever grows with the object or with time would be beyond this.
 */
const FETCH_GROWTH = 128 * 1024 ** 2;
/**
 * And 32 MiB of blocks on their way, which workerd copies as they are put; the simulator of the Cache API, that writes
 * them to the disk, is in the same process. Without a bound on blocks 50 slow clients made it grow by 852 MiB.
 */
const BLOCKS_GROWTH = 224 * 1024 ** 2;
const CONFIG_WITH_BLOCKS = join(import.meta.dirname, 'workers-blocks.toml');

/** `rangeway serve --s3`. */
export async function nodeOverS3(): Promise<Watched> {
  const origin = await startOrigin();
  const { url, pid, stop } = await startGateway(origin.url);
  return {
    url,
    pid,
    size: SPARSE,
    growth: GROWTH,
    key: (name) => keyOf(SPARSE, name),
    origin,
    async stop() {
      await stop();
      origin.stop();
    },
  };
}

/** The Worker over S3, in workerd. */
export function workerdOverS3(): Promise<Watched> {
  return overS3({ config: OWN_S3_CONFIG }, FETCH_GROWTH);
}

/** The same with blocks in the Cache API. */
export function workerdWithBlocks(): Promise<Watched> {
  return overS3({ config: CONFIG_WITH_BLOCKS }, BLOCKS_GROWTH);
}

async function overS3(worker: Partial<WorkerdOptions>, growth: number): Promise<Watched> {
  const origin = await startOrigin();
  const variables = { ...CREDENTIALS, S3_BUCKET: 'soak', S3_ENDPOINT: origin.url, S3_PATH_STYLE: true };
  const { workerd, pid } = await start({ ...worker, variables });
  return {
    url: workerd.url,
    pid,
    size: SPARSE,
    growth,
    key: (name) => keyOf(SPARSE, name),
    origin,
    async stop() {
      await workerd.stop();
      origin.stop();
    },
  };
}

/** The Worker over the simulator of R2, which is in the same process. */
export async function workerdOverR2(): Promise<Watched> {
  const folder = await mkdtemp(join(tmpdir(), 'rangeway-memory-'));
  const path = join(folder, 'large');
  const file = await open(path, 'w');
  for (let at = 0; at < STORED;) at += (await file.write(bytesAt(at, STORED - at))).bytesWritten;
  await file.close();
  const { workerd, pid } = await start({ persist: join(folder, 'bucket') });
  await workerd.bucket.put('large', { path, size: STORED, mark: 'm' });
  return {
    url: workerd.url,
    pid,
    size: STORED,
    growth: GROWTH,
    key: () => 'large',
    async stop() {
      await workerd.stop();
      await rm(folder, { recursive: true });
    },
  };
}

async function start(options: Partial<WorkerdOptions>): Promise<{ readonly workerd: Workerd; readonly pid: number }> {
  const others = new Set(childrenNamed('workerd'));
  const workerd = await startWorkerd({ config: OWN_CONFIG, host: '127.0.0.1', port: 0, ...options });
  const pid = childrenNamed('workerd').find((child) => !others.has(child));
  if (pid === undefined) throw new Error('there is no process of workerd');
  return { workerd, pid };
}
