import type { BenchObject } from '../origin/objects.ts';

/** The Range field of each request. */
export type RequestPattern =
  | { readonly form: 'whole' }
  /** `length` bytes from a random position. */
  | { readonly form: 'random'; readonly length: number }
  /** From byte `start` to the end. */
  | { readonly form: 'from'; readonly start: number }
  /** The last `length` bytes. */
  | { readonly form: 'suffix'; readonly length: number }
  /** `count` ranges of `length` bytes in ascending order, each at a random position in its own share of the object. */
  | { readonly form: 'several'; readonly count: number; readonly length: number };

/** A job of the load generator. */
export interface LoadJob {
  readonly port: number;
  readonly path: string;
  readonly object: BenchObject;
  readonly pattern: RequestPattern;
  /** Other header fields of each request. */
  readonly fields: Readonly<Record<string, string>>;
  readonly connections: number;
  /** No request is started after this number of them, or this many seconds. Requests in progress are finished. */
  readonly limit: { readonly requests: number } | { readonly seconds: number };
  /** Expected status of every response; another one is a failure. */
  readonly status: number;
  /**
   * Bytes per second that each client reads; such clients disconnect at the time limit. By default they read as fast as
   * they can.
   */
  readonly pace?: number | undefined;
}

/** The measurements of a job. */
export interface LoadResult {
  /** Number of complete responses. */
  readonly requests: number;
  /** Bytes of bodies, including those of incomplete responses. */
  readonly bytes: number;
  /** Time from the first request to the end of the last response. */
  readonly seconds: number;
  /** Time from a request to the first byte of its body, or to the end of the head if there is no body; in ms. */
  readonly firstByte: { readonly p50: number; readonly p99: number };
  /** Number of wrong responses. */
  readonly failures: number;
  /** What was wrong with the first one. */
  readonly failure?: string | undefined;
}
