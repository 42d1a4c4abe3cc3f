import type { LoadResult } from '../load/job.ts';

/** What is told of one run of a workload against a contestant. */
export interface Figures {
  /** Of bodies, 10^6 bytes a second. */
  readonly mbPerSecond: number;
  readonly requestsPerSecond: number;
  /** From a request to the first byte of its body, in ms. */
  readonly firstByteP50: number;
  readonly firstByteP99: number;
  /** CPU seconds of the contestant's processes for 2^30 bytes of bodies. */
  readonly cpuPerGiB: number;
  /** CPU seconds of the contestant's processes for 1,000 requests. */
  readonly cpuPerThousand: number;
  /** Requests to the storage for one request. */
  readonly storageRequests: number;
  /** Bytes from the storage for one byte sent. */
  readonly storageBytes: number;
  /** Resident memory at its most, in bytes. */
  readonly peakRss: number;
  /** Cores that the contestant kept busy: where it is far from 1 on a core of its own, something else was the limit. */
  readonly busy: number;
  /** Cores that the load generator and the origin kept busy together. */
  readonly helpersBusy: number;
}

/** A figure's name. */
export type FigureName = keyof Figures;

/** How a figure is called and read. */
export const FIGURES: Readonly<Record<FigureName, { readonly title: string; readonly better: 'more' | 'less' }>> = {
  mbPerSecond: { title: 'MB/s', better: 'more' },
  requestsPerSecond: { title: 'requests/s', better: 'more' },
  firstByteP50: { title: 'first byte, p50', better: 'less' },
  firstByteP99: { title: 'first byte, p99', better: 'less' },
  cpuPerGiB: { title: 'CPU a GiB', better: 'less' },
  cpuPerThousand: { title: 'CPU a request', better: 'less' },
  storageRequests: { title: 'storage requests', better: 'less' },
  storageBytes: { title: 'storage bytes', better: 'less' },
  peakRss: { title: 'peak memory', better: 'less' },
  busy: { title: 'cores busy', better: 'less' },
  helpersBusy: { title: 'helpers busy', better: 'less' },
};

/** Counters before or after a run. */
export interface Counters {
  readonly cpu: number;
  readonly helpersCpu: number;
  readonly storageRequests: number;
  readonly storageBytes: number;
}

/** Puts together what a run's load generator and counters say. */
export function toFigures(load: LoadResult, before: Counters, after: Counters, peakRss: number): Figures {
  const { requests, bytes, seconds, firstByte } = load;
  const cpu = after.cpu - before.cpu;
  return {
    mbPerSecond: bytes / seconds / 1e6,
    requestsPerSecond: requests / seconds,
    firstByteP50: firstByte.p50,
    firstByteP99: firstByte.p99,
    cpuPerGiB: cpu / (bytes / 1024 ** 3),
    cpuPerThousand: cpu / (requests / 1000),
    storageRequests: (after.storageRequests - before.storageRequests) / requests,
    storageBytes: (after.storageBytes - before.storageBytes) / bytes,
    peakRss,
    busy: cpu / seconds,
    helpersBusy: (after.helpersCpu - before.helpersCpu) / seconds,
  };
}
