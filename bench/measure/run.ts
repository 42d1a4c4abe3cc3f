import type { RunningServer } from '../contestants/contestant.ts';
import type { LoadGenerator } from '../load/client.ts';
import type { LoadJob } from '../load/job.ts';
import type { OriginProcess } from '../origin/client.ts';
import { coldObject, MISSING_KEY, type BenchObject, type Catalogue } from '../origin/objects.ts';
import type { Workload } from '../workloads/workload.ts';
import { toFigures, type Counters, type Figures } from './figures.ts';
import { cpuSeconds, peakRss, resetPeak } from './process-tree.ts';

/** The validators that a contestant sends for an object. */
export interface Validators {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

/** The processes and settings that a run needs; `seconds` is the length of a timed run. */
export interface RunContext {
  readonly load: LoadGenerator;
  readonly origin: OriginProcess;
  readonly objects: Catalogue;
  readonly seconds: number;
}

/** Reads the validators of a key by a HEAD request. */
export async function readValidators({ port, path }: RunningServer, key: string): Promise<Validators> {
  const { headers } = await fetch(`http://127.0.0.1:${port}${path(key)}`, { method: 'HEAD' });
  return { etag: headers.get('ETag'), lastModified: headers.get('Last-Modified') };
}

/** Factor on the length of a workload with slow clients, because the first second only fills the system's buffers. */
const SLOW_FACTOR = 1.5;

let coldObjects = 0;

/** Runs one workload against one contestant, and measures it. */
export async function measureOnce(
  workload: Workload,
  { running, validators }: { readonly running: RunningServer; readonly validators: Validators },
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
  { pattern, connections, requests, condition, status, pace }: Workload,
  object: BenchObject,
  { port, path }: RunningServer,
  validators: Validators,
  seconds: number,
): LoadJob {
  const timed = { seconds: pace === undefined ? seconds : seconds * SLOW_FACTOR };
  return {
    port,
    path: path(object.key),
    object,
    pattern,
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
