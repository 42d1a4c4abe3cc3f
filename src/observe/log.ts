import type { CacheStats } from '../store/request-stats.ts';
import { readerIdentity } from '../transfers/reader-identity.ts';
import { mountName } from '../transfers/transfer-store.ts';
import type { DownloadEvent, Observer } from './event.ts';
import { printable } from './printable.ts';

/** The log entry of one request, written when its response has ended. Printed as one line of JSON. */
export interface LogEntry {
  /** The time at which the request was received (RFC 3339). */
  readonly time: string;
  readonly requestId: string;
  /** The trace-id of the `traceparent` field; absent without a valid one. */
  readonly traceId?: string;
  readonly method: string;
  /** Host and path of the mount, such as `/releases`; absent if no mount matches. */
  readonly mount?: string;
  /** The decoded key of the object, truncated to 1,024 characters; `null` if the path has none. */
  readonly key: string | null;
  /** The status of the response; 499 if the client disconnected before there was one. */
  readonly status: number;
  /** The Range field as the client sent it, truncated to 200 characters; `null` if there was none. */
  readonly range: string | null;
  /** Bytes of the body that were sent; `null` if it broke and the platform's pipe does not report them. */
  readonly bytesSent: number | null;
  /** Storage operations. */
  readonly storageReads: number;
  /** Storage bodies that broke and were resumed. */
  readonly continued: number;
  /** Blocks, or slices of them, that were read from the cache; absent without a cache. */
  readonly cacheHits?: number;
  /** Blocks, or slices of them, that were not in the cache; absent without a cache. */
  readonly cacheMisses?: number;
  /** Bytes that were read from the cache; absent without a cache. */
  readonly bytesCached?: number;
  /** Bytes of objects that were read from storage or the cache; `null` if the platform's pipe does not report them. */
  readonly bytesRead: number | null;
  /** The time in ms from the arrival of the request to the end of the body, rounded. */
  readonly durationMs: number;
  /** As in the event of an observer, with redirects counted as complete. */
  readonly outcome: 'complete' | 'aborted' | 'failed';
  /** The IP address of the client, or `client:` and its hash; absent if it is unknown or not logged. */
  readonly client?: string;
  /** The User-Agent field, truncated to 200 characters; absent if there was none. */
  readonly userAgent?: string;
  /** The download id of the signed link; absent without one. */
  readonly downloadId?: string;
  /** The messages of the error and its causes, truncated to 2,000 characters, if the request failed. */
  readonly error?: string;
}

/** Receives log entries. */
export type Log = (entry: LogEntry) => void;

/**
 * The requests that are logged: all `requests`, or `errors` only. With `errors`, bodies can be passed to the platform
 * unchanged, which is cheaper on Workers.
 */
export type Logged = (typeof LOGGED)[number];

/** All values of {@link Logged}. */
export const LOGGED = ['requests', 'errors'] as const;

/** The form in which the address of a client is logged: as it is, as a keyed hash, or not at all. */
export type LoggedClient = (typeof LOGGED_CLIENTS)[number];

/** All values of {@link LoggedClient}. */
export const LOGGED_CLIENTS = ['address', 'hashed', 'none'] as const;

/** Options of {@link logObserver}. */
export interface LogOptions {
  /** By default `address`. A hash changes every month, so that no client can be followed for longer. */
  readonly client?: LoggedClient | undefined;
  /** The key of the hashes. By default random, so that a client has another name in each process. */
  readonly secret?: string | undefined;
}

/**
 * Makes an observer that writes a log entry for each request that has ended.
 *
 * @param log receives the entries; by default prints each to the console, which every platform collects
 * @param logged whether all requests are logged, or only those that failed
 * @param options how clients are logged
 * @example
 * import { createGateway, logObserver, memoryStore } from 'rangeway';
 *
 * const observer = logObserver((entry) => console.error(JSON.stringify(entry)), 'errors');
 * export default createGateway({ store: memoryStore(), observers: [observer] });
 */
export function logObserver(log: Log = consoleLog, logged: Logged = 'requests', options: LogOptions = {}): Observer {
  const nameOf = clientNames(options);
  return {
    end(event) {
      const client = nameOf(event);
      if (client instanceof Promise) return client.then((name) => log(toLogEntry(event, name)));
      return log(toLogEntry(event, client));
    },
    only: logged === 'errors' ? 'failed' : undefined,
  };
}

/** Makes the function that names the client of a request. Only a hash that is not yet known is a promise. */
function clientNames({
  client: form = 'address',
  secret,
}: LogOptions): (event: DownloadEvent) => string | undefined | Promise<string | undefined> {
  if (form === 'address') return ({ client }) => client;
  if (form === 'none') return () => undefined;
  const identify = readerIdentity('address', secret);
  return ({ client, received }) => {
    const data = { client, downloadId: undefined, user: undefined, userAgent: undefined };
    const reader = identify(data, received.getTime());
    return reader instanceof Promise ? reader.then(({ name }) => name) : reader?.name;
  };
}

const consoleLog: Log = (entry) => {
  console.log(printLogEntry(entry));
};

/** Prints an entry as one line of JSON. Control and invisible characters are escaped, because clients choose them. */
export function printLogEntry(entry: LogEntry): string {
  return printable(JSON.stringify(entry));
}

/**
 * Describes an error and its causes in one string.
 *
 * @returns name and message of the error and of at most 7 causes, without stacks
 */
export function describeError(error: unknown): string {
  const messages: string[] = [];
  let current = error;
  while (current instanceof Error && messages.length < 8) {
    messages.push(`${current.name}: ${current.message}`);
    current = current.cause;
  }
  if (messages.length === 0) messages.push(`thrown: ${JSON.stringify(error)}`);
  return messages.join('; caused by ');
}

/** Logged as the status if the client disconnected before a response was made. nginx logs the same number. */
const CLIENT_CLOSED_REQUEST = 499;

/** Most characters of values that a client chooses. The entry of a request takes a few KB at most. */
const MAX_METHOD = 32;
const MAX_KEY = 1024;
const MAX_VALUE = 200;
const MAX_ERROR = 2000;

/**
 * Makes the log entry of a request that has ended. It contains neither the query nor other fields of the request, so
 * that no signature and no token is logged.
 *
 * @param client the name of the client as it is logged
 */
function toLogEntry(event: DownloadEvent, client: string | undefined): LogEntry {
  const { traceId, outcome, stats, cause, mount, userAgent, downloadId } = event;
  const isUnanswered = outcome === 'aborted' && cause !== undefined && event.bytesSent === 0;
  return {
    time: event.received.toISOString(),
    requestId: event.requestId,
    ...(traceId === undefined ? {} : { traceId }),
    method: event.method.slice(0, MAX_METHOD),
    ...(mount === undefined ? {} : { mount: mountName(mount) }),
    key: event.key?.slice(0, MAX_KEY) ?? null,
    status: isUnanswered ? CLIENT_CLOSED_REQUEST : event.status,
    range: event.range?.slice(0, MAX_VALUE) ?? null,
    bytesSent: event.bytesSent,
    storageReads: stats.operations,
    continued: stats.continued,
    bytesRead: event.bytesRead,
    durationMs: Math.round(event.durationMs),
    outcome: outcome === 'redirected' ? 'complete' : outcome,
    ...(stats.cache === undefined ? {} : toCacheFields(stats.cache)),
    ...(client === undefined ? {} : { client: client.slice(0, MAX_VALUE) }),
    ...(userAgent === undefined ? {} : { userAgent: userAgent.slice(0, MAX_VALUE) }),
    ...(downloadId === undefined ? {} : { downloadId: downloadId.slice(0, MAX_VALUE) }),
    ...(outcome === 'failed' ? { error: describeError(cause).slice(0, MAX_ERROR) } : {}),
  };
}

function toCacheFields({ hits, misses, bytes }: CacheStats): Partial<LogEntry> {
  return { cacheHits: hits, cacheMisses: misses, bytesCached: bytes };
}
