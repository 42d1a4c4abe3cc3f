import type { CacheStats } from '../store/request-stats.ts';
import type { DownloadEvent, Observer } from './event.ts';
import { printable } from './printable.ts';

/** One request, told when its body has ended or its client has left. Serialised to one line of JSON. */
export interface LogEntry {
  /** When the request came, RFC 3339. */
  readonly time: string;
  readonly requestId: string;
  /** The trace that the request is a part of; absent where it is of none. */
  readonly traceId?: string;
  readonly method: string;
  /** The key asked for; null where the path names none. */
  readonly key: string | null;
  /** Of the answer; 499 where the client left before there was one. */
  readonly status: number;
  /** The Range field as sent, cut to 200 characters; null where there was none. */
  readonly range: string | null;
  /** Bytes of the body handed to the client; null where it broke off and the platform's pipes don't tell. */
  readonly bytesSent: number | null;
  /** Storage operations. */
  readonly storageReads: number;
  /** Storage bodies that broke and were read on. */
  readonly continued: number;
  /** Pieces of blocks that the cache had and had not, and the bytes that it gave; absent without one. */
  readonly cacheHits?: number;
  readonly cacheMisses?: number;
  readonly bytesCached?: number;
  /** Bytes of objects that came from the storage, or from the cache before it; null as for `bytesSent`. */
  readonly bytesRead: number | null;
  /** From the request's arrival to the body's end. */
  readonly durationMs: number;
  readonly outcome: 'complete' | 'aborted' | 'failed';
  /** Why it failed, causes included. */
  readonly error?: string;
}

/** Where log entries go. */
export type Log = (entry: LogEntry) => void;

/**
 * Which requests make an entry: all of them, or those that failed. Bodies that nobody waits for the end of are handed
 * to the platform as they are, where that is cheaper.
 */
export type Logged = (typeof LOGGED)[number];

export const LOGGED = ['requests', 'errors'] as const;

/**
 * Writes an entry for each request that has ended.
 *
 * @param log by default the console, which every platform collects
 * @example
 * const gateway = createGateway({ store, observers: [logObserver((entry) => send(entry), 'errors')] });
 */
export function logObserver(log: Log = consoleLog, logged: Logged = 'requests'): Observer {
  return { end: (event) => log(toLogEntry(event)), only: logged === 'errors' ? 'failed' : undefined };
}

const consoleLog: Log = (entry) => {
  console.log(printLogEntry(entry));
};

/** Prints an entry as one line that can't be broken or coloured by anything a request brought. */
export function printLogEntry(entry: LogEntry): string {
  return printable(JSON.stringify(entry));
}

/** An error and its causes, in one string. Stacks stay out: a log line is for reading. */
export function describeError(error: unknown): string {
  const messages: string[] = [];
  let at = error;
  while (at instanceof Error && messages.length < 8) {
    messages.push(`${at.name}: ${at.message}`);
    at = at.cause;
  }
  if (messages.length === 0) messages.push(`thrown: ${JSON.stringify(error)}`);
  return messages.join('; caused by ');
}

/** In place of a status where the client left before there was an answer: nginx's number for it, which no answer has. */
const CLIENT_LEFT = 499;

/** Makes the entry of a request that has ended. */
export function toLogEntry(event: DownloadEvent): LogEntry {
  const { traceId, outcome, stats, cause } = event;
  const isUnanswered = outcome === 'aborted' && cause !== undefined && event.bytesSent === 0;
  return {
    time: event.received.toISOString(),
    requestId: event.requestId,
    ...(traceId === undefined ? {} : { traceId }),
    method: event.method,
    key: event.key ?? null,
    status: isUnanswered ? CLIENT_LEFT : event.status,
    range: event.range?.slice(0, 200) ?? null,
    bytesSent: event.bytesSent,
    storageReads: stats.operations,
    continued: stats.continued,
    bytesRead: event.bytesRead,
    durationMs: Math.round(event.durationMs),
    outcome: outcome === 'redirected' ? 'complete' : outcome,
    ...(stats.cache === undefined ? {} : toCacheFields(stats.cache)),
    ...(outcome === 'failed' ? { error: describeError(cause) } : {}),
  };
}

function toCacheFields({ hits, misses, bytes }: CacheStats): Partial<LogEntry> {
  return { cacheHits: hits, cacheMisses: misses, bytesCached: bytes };
}
