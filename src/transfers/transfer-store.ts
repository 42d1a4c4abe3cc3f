import type { DepthIntervals, Intervals, Span } from '../http/index.ts';
import type { LinkStore, ReservationEnded } from './link-quota.ts';

/** One version of an object, as a request has it. */
export interface TransferObject {
  /** Host and path of the mount, such as `/releases`, or `files.example.com/` for the root of one host. */
  readonly mount: string;
  readonly key: string;
  /** The strong ETag field, quotes included. Without one, requests are counted and there is no transfer. */
  readonly etag: string | undefined;
  /** Size in bytes; `undefined` if the response told none. */
  readonly size: number | undefined;
}

/** Returns the name of a mount in transfers. */
export function mountName({ host = '', path }: { readonly host?: string | undefined; readonly path: string }): string {
  return `${host}${path === '' ? '/' : path}`;
}

/** The reader of an object. All requests of one reader for one version of an object are one transfer. */
export interface Reader {
  /** `link:ID`, `user:NAME`, or `client:` and a keyed hash of address and User-Agent that changes every month. */
  readonly name: string;
  /** The name in the month before. A transfer of that name is continued if there is none of the present one. */
  readonly previousName?: string | undefined;
  /** Selects the shard. Unlike the name, it is the same in all months. */
  readonly shard: number;
}

/** All values of {@link TransferState}. */
export const TRANSFER_STATES = ['active', 'paused', 'complete'] as const;

/**
 * `active`: a request runs. `complete`: none runs, and none has begun since the last download was complete. `paused`:
 * none runs, and bytes are missing.
 */
export type TransferState = (typeof TRANSFER_STATES)[number];

/** The outcome of a request, as observers see it. */
export const TRANSFER_OUTCOMES = ['complete', 'aborted', 'failed', 'redirected'] as const;

/** One of {@link TRANSFER_OUTCOMES}. */
export type TransferRequestOutcome = (typeof TRANSFER_OUTCOMES)[number];

interface RequestChange {
  /** Unique among all requests of all processes. The same at start and end. */
  readonly id: string;
  /** Wall clock, ms since the epoch. */
  readonly at: number;
  readonly object: TransferObject;
  readonly reader: Reader;
  /** The batch of a log that it is imported with. Changes of a batch that was written before are ignored. */
  readonly batch?: string | undefined;
}

/** A response with bytes of an object begins. */
export interface RequestStarted extends RequestChange {
  readonly type: 'start';
  /** The spans that the response contains, half-open, in the order in which they are sent. */
  readonly asked: readonly Span[];
}

/** A response with bytes of an object, or a redirect to the storage, has ended. */
export interface RequestEnded extends RequestChange {
  readonly type: 'end';
  readonly status: number;
  readonly outcome: TransferRequestOutcome;
  /** The spans that were sent, half-open; `unknown` if the platform's pipe does not report them. */
  readonly delivered: readonly Span[] | 'unknown';
  /** Bytes of the body that were sent; `null` if unknown. */
  readonly bytesSent: number | null;
}

/** A reader has told which bytes of an object are on its disk. */
export interface ReceiptReceived extends RequestChange {
  readonly type: 'receipt';
  /** The bytes on its disk: none beyond the size of the object, and at most 1,024 intervals. */
  readonly received: Intervals;
}

/** A change of the state of transfers. */
export type TransferChange = RequestStarted | RequestEnded | ReservationEnded | ReceiptReceived;

/** One transfer: what one reader has of one version of an object. */
export interface TransferSummary {
  /** Unique in the store; letters, digits, `-` and `_`. */
  readonly id: string;
  readonly mount: string;
  readonly key: string;
  readonly etag: string;
  readonly size: number;
  readonly reader: string;
  readonly state: TransferState;
  /** How often the least-delivered byte was delivered: the number of complete downloads. */
  readonly complete: number;
  /** The part of the next download that was delivered, from 0 to less than 1. */
  readonly progress: number;
  /** Whether there were too many intervals, so that a byte that was sent twice can count for one that was not sent. */
  readonly approximate: boolean;
  /** ms since the epoch. */
  readonly firstSeen: number;
  /** ms since the epoch. */
  readonly lastSeen: number;
  readonly requests: number;
  /** The most requests that ran at the same time. */
  readonly connections: number;
  /** Bytes of bodies that were sent, as far as the platform reports them. */
  readonly bytesSent: number;
  /** The outcome of the last request that has ended; `undefined` before one has. */
  readonly outcome: TransferRequestOutcome | undefined;
}

/** A transfer with how often each byte was delivered. */
export interface TransferDetails extends TransferSummary {
  /** Empty if the transfer is approximate. */
  readonly intervals: DepthIntervals;
}

/** Selects transfers. Each field that is present has to be equal. */
export interface TransferFilter {
  readonly mount?: string | undefined;
  readonly key?: string | undefined;
  readonly state?: TransferState | undefined;
  readonly reader?: string | undefined;
}

/** The place of a transfer in lists, which are ordered by `firstSeen`, newest first, and then by `id`, descending. */
export interface TransferPosition {
  readonly firstSeen: number;
  readonly id: string;
}

/** Selects days of objects. */
export interface DownloadsFilter {
  readonly mount?: string | undefined;
  readonly key?: string | undefined;
  /** The beginning of the keys. */
  readonly prefix?: string | undefined;
  /** The first day, such as `2026-11-29` (UTC). */
  readonly from: string;
  /** The last day, inclusive. */
  readonly to: string;
}

/** The counts of one object on one day. */
export interface DownloadCounts {
  readonly mount: string;
  readonly key: string;
  /** The day in UTC, such as `2026-11-29`. */
  readonly day: string;
  /** Downloads that were completed. A download of several days counts on the last of them. */
  readonly complete: number;
  /** Downloads that were begun. */
  readonly started: number;
  /** Requests that were redirected to the storage. How much of the object they brought is not known here. */
  readonly redirected: number;
  /** Bytes of bodies that were sent, as far as the platform reports them. */
  readonly bytes: number;
  /** Readers that began a request. */
  readonly readers: number;
}

/** Where the state of transfers is kept. It may be in another process or machine, so all methods are asynchronous. */
export interface TransferStore extends LinkStore {
  /** How long changes are collected before they are written together, in ms. With 0, each is written at once. */
  readonly turnTime: number;
  /**
   * Applies changes in order, all or none.
   *
   * @throws Error if they are not stored. If it is a {@link TransferStoreBusy}, they may be written again
   */
  write(changes: readonly TransferChange[]): Promise<void>;
  /** @returns `undefined` if there is no such transfer */
  get(id: string): Promise<TransferDetails | undefined>;
  /**
   * Lists transfers, newest first.
   *
   * @param limit most transfers of the list
   * @param after the last transfer of the page before
   */
  list(filter: TransferFilter, limit: number, after?: TransferPosition): Promise<readonly TransferSummary[]>;
  /**
   * Counts downloads for each key and day, ordered by key, mount and day.
   *
   * @param limit most rows
   */
  downloads(filter: DownloadsFilter, limit: number): Promise<readonly DownloadCounts[]>;
  /** Deletes one transfer. Its counts of days stay. @returns whether there was one */
  deleteTransfer(id: string): Promise<boolean>;
  /** Deletes all transfers of a reader, and its name from the days. @returns how many transfers there were */
  deleteReader(name: string): Promise<number>;
  /**
   * Counts downloads of readers that have been idle for {@link IDLE_TIME}, and deletes transfers whose retention is
   * over.
   *
   * @param now wall clock, ms since the epoch
   */
  maintain(now: number): Promise<void>;
  /** Ends requests whose process has ended without reporting it, at an unknown byte. */
  endRequestsOf(idPrefix: string): Promise<void>;
  close(): Promise<void>;
}

/** A day in ms. */
export const DAY = 24 * 60 * 60 * 1000;

/** How long a reader makes no request before its complete downloads are final, in ms. */
export const IDLE_TIME = 10 * 60 * 1000;

/** After so many ms without news, the requests of a transfer are taken as ended, because their process is gone. */
export const RUNNING_TIME = DAY;

/** How long the names of the readers of a day are kept, in ms after its end. Later only their number is known. */
export const READERS_TIME = 2 * DAY;

/** By default, how long a transfer is kept after its last request, in days. */
export const DEFAULT_RETENTION = 30;

/** Thrown if the store is locked by another process. Nothing was written, and the changes may be written again. */
export interface TransferStoreBusy extends Error {
  readonly name: 'TransferStoreBusy';
}

/** Makes a {@link TransferStoreBusy}. */
export function transferStoreBusy(cause: unknown): TransferStoreBusy {
  return Object.assign(new Error('the store of transfers is locked by another process', { cause }), {
    name: 'TransferStoreBusy' as const,
  });
}
