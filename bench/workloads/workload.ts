import type { Ask } from '../load/job.ts';
import type { FigureName } from '../measure/figures.ts';
import type { ObjectName } from '../origin/objects.ts';

/** What clients do. Workloads are data, as contestants are. */
export interface Workload {
  readonly name: string;
  readonly title: string;
  /** `cold` is an object that nobody has asked for before; each round has a new one. */
  readonly object: ObjectName | 'missing' | 'cold';
  readonly ask: Ask;
  readonly connections: number;
  /** How many requests; by default as many as there is time for. */
  readonly requests?: number;
  /** A condition that holds, on the tag that the contestant itself gave, or on its date where it gives none. */
  readonly condition?: 'if-range' | 'if-none-match';
  /** The status of every answer. */
  readonly status: number;
  /** Bytes a second that each client takes. */
  readonly pace?: number;
  /** What of it is reported. */
  readonly shows: readonly FigureName[];
}
