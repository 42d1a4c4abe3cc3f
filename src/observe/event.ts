import type { Span } from '../http/index.ts';
import type { RequestStats } from '../store/request-stats.ts';

/** The values of a request that are known when its response begins. */
export interface DownloadStart {
  /** Sent in the X-Request-Id field of the response; the same at the start and at the end. */
  readonly requestId: string;
  /** The number of the request in this process or isolate. Unlike the request id, no client can choose it. */
  readonly serial: number;
  /** The trace-id of the `traceparent` field (W3C Trace Context): 32 hexadecimal digits. */
  readonly traceId: string | undefined;
  /** The time at which the request was received. */
  readonly received: Date;
  readonly method: string;
  /** The location of the mount; `undefined` if no mount matches. */
  readonly mount: { readonly path: string; readonly host: string | undefined } | undefined;
  /** The decoded key of the object; `undefined` if the path has none. */
  readonly key: string | undefined;
  /** The ETag field, quotes included; `undefined` if the response has no bytes of an object and leads to none. */
  readonly etag: string | undefined;
  /** The size of the object in bytes; `undefined` if the response has no bytes of an object and leads to none. */
  readonly size: number | undefined;
  /** The Range field as the client sent it. */
  readonly range: string | undefined;
  /** The spans of the object that the response contains, half-open. Empty if it has no bytes of an object. */
  readonly asked: readonly Span[];
  readonly status: number;
  /** The IP address of the client; `undefined` if it is unknown. */
  readonly client: string | undefined;
  /** The download id of the signed link. All requests of one download have the same. */
  readonly downloadId: string | undefined;
  /** The user of basic access, or the subject of a token; `undefined` without one. */
  readonly user: string | undefined;
  /** The User-Agent field, truncated to 512 characters. */
  readonly userAgent: string | undefined;
}

/**
 * The outcome of a response: `aborted` if the client disconnected or stopped reading, `failed` if the storage or the
 * gateway failed, `redirected` if the client was sent to the storage (307) or to a folder with its slash (308).
 */
export type Outcome = 'complete' | 'aborted' | 'failed' | 'redirected';

/** The values of a request that are known when its response has ended. */
export interface DownloadEvent extends DownloadStart {
  readonly outcome: Outcome;
  /**
   * The spans of `asked` that were sent to the client, half-open. The client may have received fewer bytes. `unknown`
   * if the platform's pipe does not report it.
   */
  readonly delivered: readonly Span[] | 'unknown';
  /** Bytes of the body that were sent, part heads included; `null` if the platform's pipe does not report them. */
  readonly bytesSent: number | null;
  /** Bytes of objects that were read from storage or a cache; `null` if the platform's pipe does not report them. */
  readonly bytesRead: number | null;
  /** The time in ms from the arrival of the request to the end of the body. */
  readonly durationMs: number;
  /** The time in ms from the arrival of the request to the start of the response. */
  readonly firstByteMs: number;
  /** The kind of the problem document with which an error is answered, such as `archived`; `undefined` without one. */
  readonly problem: string | undefined;
  /** Storage operations, resumed bodies, and cache hits and misses. */
  readonly stats: Readonly<RequestStats>;
  /** The thrown value of a failure. */
  readonly cause: unknown;
}

/**
 * Receives the events of requests. The calls are not awaited, and an error that one throws is logged and has no other effect. A
 * promise that one returns keeps a Worker alive until it has settled.
 *
 * @example
 * import { createGateway, logObserver, memoryStore, type Observer } from 'rangeway';
 *
 * const observer: Observer = { end: ({ key, bytesSent }) => console.log(key, bytesSent) };
 * export default createGateway({ store: memoryStore(), observers: [logObserver(), observer] });
 */
export interface Observer {
  /** Called when a response with bytes of an object begins. */
  start?(event: DownloadStart): void | Promise<void>;
  /** Called when a response has ended, whatever its status. */
  end(event: DownloadEvent): void | Promise<void>;
  /**
   * With `failed`, `end` is called only for requests that failed. If all observers set it, and no limit needs the end
   * of bodies, bodies are passed to the platform unchanged, which is cheaper on Workers.
   */
  readonly only?: 'failed' | undefined;
}
