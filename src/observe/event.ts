import type { Span } from '../http/index.ts';
import type { RequestStats } from '../store/request-stats.ts';

/** The facts of a request that are known when its answer begins. */
export interface DownloadStart {
  /** On every answer, as X-Request-Id; the same at the start and at the end. */
  readonly requestId: string;
  /** The trace that the request is a part of (W3C Trace Context): 32 hexadecimal digits. */
  readonly traceId: string | undefined;
  readonly received: Date;
  readonly method: string;
  /** Where the mount is; `undefined` where the request is for none. */
  readonly mount: { readonly path: string; readonly host: string | undefined } | undefined;
  /** `undefined` where the path names none. */
  readonly key: string | undefined;
  /** As it goes over the wire, quotes included; of answers with bytes. */
  readonly etag: string | undefined;
  /** Of the object, in bytes; of answers with bytes. */
  readonly size: number | undefined;
  /** The Range field as it was sent. */
  readonly range: string | undefined;
  /** Bytes of the object that the answer is to bring, ends exclusive. Empty for an answer without any. */
  readonly asked: readonly Span[];
  readonly status: number;
  /** The address, as the platform knows it. */
  readonly client: string | undefined;
  /** Of the signed link; requests of one download have the same. */
  readonly downloadId: string | undefined;
}

/** How an answer ended: `aborted` because its client left, `failed` because the storage or the gateway did. */
export type Outcome = 'complete' | 'aborted' | 'failed' | 'redirected';

/** One request, when its answer has ended. */
export interface DownloadEvent extends DownloadStart {
  readonly outcome: Outcome;
  /**
   * What of `asked` was handed to the client, ends exclusive: the client may have fewer. `unknown` where the
   * platform's pipes do not tell.
   */
  readonly delivered: readonly Span[] | 'unknown';
  /** Of the body, part heads included; null where the platform's pipes do not tell. */
  readonly bytesSent: number | null;
  /** Of objects, from the storage or a cache; null as for `bytesSent`. */
  readonly bytesRead: number | null;
  /** From the request's arrival to the body's end. */
  readonly durationMs: number;
  /** Storage operations, continued bodies, and what a cache did. */
  readonly stats: Readonly<RequestStats>;
  /** The thrown value, where it failed. */
  readonly cause: unknown;
}

/**
 * Hears of each request. Neither call is awaited, and what it throws ends nothing but the call.
 *
 * @example
 * const observer: Observer = { end: ({ key, delivered }) => delivered === 'unknown' || count(key, delivered) };
 * const gateway = createGateway({ store, observers: [logObserver(), observer] });
 */
export interface Observer {
  /** An answer with bytes of an object begins. */
  start?(event: DownloadStart): void;
  /** A request has ended, whatever it was answered with. */
  end(event: DownloadEvent): void;
  /**
   * That it wants to hear only of requests that failed. Where no observer wants more, bodies that nothing else waits for
   * the end of are handed to the platform as they are.
   */
  readonly only?: 'failed' | undefined;
}
