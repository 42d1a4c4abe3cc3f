import type { BenchObject } from '../origin/objects.ts';

/** What the Range field of each request asks for. */
export type Ask =
  | { readonly form: 'whole' }
  /** `length` bytes from a random position. */
  | { readonly form: 'random'; readonly length: number }
  | { readonly form: 'from'; readonly start: number }
  | { readonly form: 'suffix'; readonly length: number }
  /** `count` ranges of `length` bytes in ascending order, each at a random position in its own share of the object. */
  | { readonly form: 'several'; readonly count: number; readonly length: number };

/** What a load generator is to do. */
export interface LoadJob {
  readonly port: number;
  readonly path: string;
  readonly object: BenchObject;
  readonly ask: Ask;
  /** Other fields of each request. */
  readonly fields: Readonly<Record<string, string>>;
  readonly connections: number;
  /** When no more requests are begun: after a number of them, or of seconds. Those that run are finished. */
  readonly limit: { readonly requests: number } | { readonly seconds: number };
  /** Every answer's status, or it is a failure. */
  readonly status: number;
  /** Bytes a second that each client takes; such clients leave when the time is over. By default, as many as come. */
  readonly pace?: number | undefined;
}

/** What a load generator saw. */
export interface LoadResult {
  /** Whole answers. */
  readonly requests: number;
  /** Of bodies, those of broken ones included. */
  readonly bytes: number;
  /** From the first request to the last answer. */
  readonly seconds: number;
  /** From a request to the first byte of its body (or the end of the head, where there is none); in ms. */
  readonly firstByte: { readonly p50: number; readonly p99: number };
  readonly failures: number;
  /** What was wrong with the first that failed. */
  readonly failure?: string | undefined;
}
