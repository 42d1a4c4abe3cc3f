import { isStoreError, type StoreErrorCode } from '../../store/store-error.ts';
import type { DownloadEvent } from '../event.ts';

/** Returns the amount by which a request increases a counter. */
type Amount = (event: DownloadEvent) => number;

/** A number that is measured for each mount. The values of its label are a fixed set, so that no client can add one. */
export type Instrument = Counter | Histogram;

/** A sum over all requests. */
interface Counter {
  readonly type: 'counter';
  /** Without the suffix `_total`. Ends in the base unit, if it has one. */
  readonly name: string;
  readonly unit?: 'bytes' | undefined;
  readonly help: string;
  /** The name of its label; absent if it has one series. */
  readonly label?: string;
  /** The series, by the values of the label. */
  readonly series: Readonly<Record<string, Amount>>;
  /** Whether a request increases one series at most, by 1. */
  readonly isClass?: boolean;
}

/** The distribution of a duration over all requests. */
interface Histogram {
  readonly type: 'histogram';
  readonly name: string;
  readonly unit: 'seconds';
  readonly help: string;
  /** Inclusive upper bounds of the buckets, ascending; the last bucket has none. */
  readonly bounds: readonly number[];
  /** The value of a request, in seconds. */
  readonly value: Amount;
}

const one =
  (is: (event: DownloadEvent) => boolean): Amount =>
  (event) =>
    is(event) ? 1 : 0;

const statusClass = (digit: number) => one(({ status }) => Math.floor(status / 100) === digit);

const storeError = (code: StoreErrorCode) => one(({ cause }) => isStoreError(cause) && cause.code === code);

/** Bytes that came from a block cache. */
const cachedBytes: Amount = ({ stats: { cache } }) => cache?.bytes ?? 0;

/**
 * All instruments of requests. Both printers are made from this table: Prometheus' text and the columns of Workers
 * Analytics Engine, whose order is that of the table, so a new instrument is added at the end.
 */
export const INSTRUMENTS: readonly Instrument[] = [
  {
    type: 'counter',
    name: 'rangeway_requests',
    help: 'Requests that have ended, by the class of their status.',
    label: 'status',
    isClass: true,
    series: { '2xx': statusClass(2), '3xx': statusClass(3), '4xx': statusClass(4), '5xx': statusClass(5) },
  },
  {
    type: 'counter',
    name: 'rangeway_sent_bytes',
    unit: 'bytes',
    help: 'Bytes of bodies that were sent to clients.',
    series: { '': ({ bytesSent }) => bytesSent ?? 0 },
  },
  {
    type: 'counter',
    name: 'rangeway_read_bytes',
    unit: 'bytes',
    help: 'Bytes of objects that were read, from the storage or from the block cache.',
    label: 'source',
    series: {
      storage: (event) => Math.max(0, (event.bytesRead ?? 0) - cachedBytes(event)),
      cache: cachedBytes,
    },
  },
  {
    type: 'counter',
    name: 'rangeway_storage_operations',
    help: 'Requests to the storage.',
    series: { '': ({ stats }) => stats.operations },
  },
  {
    type: 'counter',
    name: 'rangeway_cache_reads',
    help: 'Blocks, or slices of them, that were found in the block cache or not.',
    label: 'result',
    series: {
      hit: ({ stats: { cache } }) => cache?.hits ?? 0,
      miss: ({ stats: { cache } }) => cache?.misses ?? 0,
    },
  },
  {
    type: 'counter',
    name: 'rangeway_continued_bodies',
    help: 'Bodies of the storage that broke and were continued.',
    series: { '': ({ stats }) => stats.continued },
  },
  {
    type: 'counter',
    name: 'rangeway_aborted_requests',
    help: 'Requests whose client disconnected before the end of the response.',
    series: { '': one(({ outcome }) => outcome === 'aborted') },
  },
  {
    type: 'counter',
    name: 'rangeway_failed_requests',
    help: 'Requests that the storage or the gateway failed.',
    series: { '': one(({ outcome }) => outcome === 'failed') },
  },
  {
    type: 'counter',
    name: 'rangeway_complete_downloads',
    help: 'Responses that sent a whole object.',
    series: { '': one(isWhole) },
  },
  {
    type: 'counter',
    name: 'rangeway_quota_refusals',
    help: 'Requests that were refused because the quota of their link is used up.',
    series: { '': one(({ problem }) => problem === 'quota') },
  },
  {
    type: 'counter',
    name: 'rangeway_store_errors',
    help: 'Requests that ended with an error of the storage, by its kind.',
    label: 'code',
    isClass: true,
    series: {
      unavailable: storeError('unavailable'),
      throttled: storeError('throttled'),
      denied: storeError('denied'),
      'version-changed': storeError('version-changed'),
      archived: storeError('archived'),
      'invalid-response': storeError('invalid-response'),
    },
  },
  {
    type: 'histogram',
    name: 'rangeway_request_duration_seconds',
    unit: 'seconds',
    help: 'Time from the arrival of a request to the end of its response.',
    bounds: [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800],
    value: ({ durationMs }) => durationMs / 1000,
  },
  {
    type: 'histogram',
    name: 'rangeway_first_byte_seconds',
    unit: 'seconds',
    help: 'Time from the arrival of a request to the start of its response.',
    bounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    value: ({ firstByteMs }) => firstByteMs / 1000,
  },
];

/** Returns whether one response has sent all bytes of an object. */
function isWhole({ outcome, method, status, size, delivered }: DownloadEvent): boolean {
  if (outcome !== 'complete' || method !== 'GET' || size === undefined || delivered === 'unknown') return false;
  const [first] = delivered;
  if (first === undefined) return size === 0 && status === 200;
  return delivered.length === 1 && first.start === 0 && first.end === size;
}

/** An instrument of the process, not of a mount. */
export interface ProcessInstrument {
  readonly type: 'counter' | 'gauge';
  readonly name: string;
  readonly help: string;
}

/** The gauge of running downloads, which each mount has. */
export const ACTIVE_DOWNLOADS = {
  type: 'gauge',
  name: 'rangeway_active_downloads',
  help: 'Responses with bytes of an object that are being sent.',
} as const;

/** All instruments of a process. */
export const PROCESS_INSTRUMENTS = {
  connections: { type: 'gauge', name: 'rangeway_connections', help: 'Open connections of clients.' },
  lostTransferChanges: {
    type: 'counter',
    name: 'rangeway_lost_transfer_changes',
    help: 'Changes of transfers that could not be stored.',
  },
} as const satisfies Readonly<Record<string, ProcessInstrument>>;

/** The name of an instrument of a process in code. */
export type ProcessValue = keyof typeof PROCESS_INSTRUMENTS;
