import type { RequestPattern } from '../load/job.ts';
import type { FigureName } from '../measure/figures.ts';
import type { ObjectName } from '../origin/objects.ts';

/** A workload: the requests that clients send, and the figures that are reported. */
export interface Workload {
  readonly name: string;
  readonly title: string;
  /** `cold` is an object that is in no cache: each round has a new one. */
  readonly object: ObjectName | 'missing' | 'cold';
  readonly pattern: RequestPattern;
  readonly connections: number;
  /** Number of requests; by default the workload has a time limit instead. */
  readonly requests?: number;
  /** A condition that is true, on the contestant's own entity tag, or on its date if it sends no tag. */
  readonly condition?: 'if-range' | 'if-none-match';
  /** Expected status of every response. */
  readonly status: number;
  /** Bytes per second that each client reads; by default as fast as it can. */
  readonly pace?: number;
  /** The figures that are reported. */
  readonly shows: readonly FigureName[];
}
