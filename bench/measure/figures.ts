import type { LoadResult } from '../load/job.ts';

/** The figures of one run of a workload against a contestant. */
export interface Figures {
  /** Bytes of bodies, in 10^6 bytes per second. */
  readonly mbPerSecond: number;
  readonly requestsPerSecond: number;
  /** Time from a request to the first byte of its body, in ms. */
  readonly firstByteP50: number;
  readonly firstByteP99: number;
  /** CPU seconds of the contestant's processes for 2^30 bytes of bodies. */
  readonly cpuPerGiB: number;
  /** CPU seconds of the contestant's processes for 1,000 requests. */
  readonly cpuPerThousand: number;
  /** Requests to the storage per request of a client. */
  readonly storageRequests: number;
  /** Bytes read from the storage per byte sent to a client. */
  readonly storageBytes: number;
  /** Peak resident memory, in bytes. */
  readonly peakRss: number;
  /** Cores that the contestant kept busy. If it has its own core and this is far below 1, the bottleneck is elsewhere. */
  readonly busy: number;
  /** Cores that the load generator and the origin kept busy together. */
  readonly helpersBusy: number;
}

/** Names of all figures. */
export const FIGURE_NAMES = [
  'mbPerSecond',
  'requestsPerSecond',
  'firstByteP50',
  'firstByteP99',
  'cpuPerGiB',
  'cpuPerThousand',
  'storageRequests',
  'storageBytes',
  'peakRss',
  'busy',
  'helpersBusy',
] as const satisfies readonly (keyof Figures)[];

/** Name of a figure. */
export type FigureName = (typeof FIGURE_NAMES)[number];

/** The title of each figure, and the unit of its medians in tables. */
export const FIGURES: Readonly<Record<keyof Figures, { readonly title: string; readonly unit: string }>> = {
  mbPerSecond: { title: 'MB/s', unit: '' },
  requestsPerSecond: { title: 'requests/s', unit: '' },
  firstByteP50: { title: 'first byte, p50', unit: 'ms' },
  firstByteP99: { title: 'first byte, p99', unit: 'ms' },
  cpuPerGiB: { title: 'CPU per GiB', unit: 's' },
  cpuPerThousand: { title: 'CPU per request', unit: 'ms' },
  storageRequests: { title: 'storage requests', unit: '' },
  storageBytes: { title: 'storage bytes', unit: '' },
  peakRss: { title: 'peak memory', unit: 'MiB' },
  busy: { title: 'cores busy', unit: '' },
  helpersBusy: { title: 'helpers busy', unit: '' },
};

/** Counters that are read before and after a run: CPU in seconds, the storage's requests and bytes. */
export interface Counters {
  readonly cpu: number;
  readonly helpersCpu: number;
  readonly storageRequests: number;
  readonly storageBytes: number;
}

/**
 * Computes the figures of a run.
 *
 * @param load the measurements of the load generator
 * @param peakRss in bytes
 */
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
