import type { Running } from '../contestants/contestant.ts';
import type { LoadGenerator } from '../load/client.ts';
import type { LoadJob } from '../load/job.ts';
import type { OriginProcess } from '../origin/client.ts';
import { coldObject, MISSING_KEY, type BenchObject, type Catalogue } from '../origin/objects.ts';
import type { Workload } from '../workloads/workload.ts';
import { toFigures, type Counters, type Figures } from './figures.ts';
import { cpuSeconds, peakRss, resetPeak } from './process-tree.ts';

/** What a contestant tells of an object's version. */
export interface Validators {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

/** What a run needs. */
export interface RunContext {
  readonly load: LoadGenerator;
  readonly origin: OriginProcess;
  readonly objects: Catalogue;
  readonly seconds: number;
}

/** Asks a contestant for the validators of a key. */
export async function readValidators({ port, path }: Running, key: string): Promise<Validators> {
  const { headers } = await fetch(`http://127.0.0.1:${port}${path(key)}`, { method: 'HEAD' });
  return { etag: headers.get('ETag'), lastModified: headers.get('Last-Modified') };
}

/** How many times as long a workload with slow clients takes: the first second fills the system's buffers. */
const SLOW = 1.5;

let coldObjects = 0;

/** One workload against one contestant. */
export async function measureOnce(
  workload: Workload,
  { running, validators }: { readonly running: Running; readonly validators: Validators },
  { load, origin, objects, seconds }: RunContext,
): Promise<{ readonly figures: Figures; readonly failure: string | undefined }> {
  const job = toJob(workload, toObject(workload, objects), running, validators, seconds);
  const { pid } = running;
  const counters = async (): Promise<Counters> => {
    const { requests, bytes } = await origin.counts();
    const helpersCpu = cpuSeconds(load.pid) + cpuSeconds(origin.pid);
    return { cpu: cpuSeconds(pid), helpersCpu, storageRequests: requests, storageBytes: bytes };
  };
  resetPeak(pid);
  const before = await counters();
  const result = await load.run(job);
  const after = await counters();
  return { figures: toFigures(result, before, after, peakRss(pid)), failure: result.failure };
}

function toObject({ object }: Workload, objects: Catalogue): BenchObject {
  switch (object) {
    case 'missing':
      return { key: MISSING_KEY, size: 0, tag: '' };
    case 'cold':
      return coldObject(process.pid * 10_000 + coldObjects++);
    default:
      return objects[object];
  }
}

function toJob(
  { ask, connections, requests, condition, status, pace }: Workload,
  object: BenchObject,
  { port, path }: Running,
  validators: Validators,
  seconds: number,
): LoadJob {
  const timed = { seconds: pace === undefined ? seconds : seconds * SLOW };
  return {
    port,
    path: path(object.key),
    object,
    ask,
    fields: toFields(condition, validators),
    connections,
    limit: requests === undefined ? timed : { requests },
    status,
    ...(pace === undefined ? {} : { pace }),
  };
}

function toFields(condition: Workload['condition'], { etag, lastModified }: Validators): Record<string, string> {
  switch (condition) {
    case undefined:
      return {};
    case 'if-range':
      return { 'If-Range': etag ?? lastModified ?? '' };
    case 'if-none-match':
      return etag === null ? { 'If-Modified-Since': lastModified ?? '' } : { 'If-None-Match': etag };
  }
}
