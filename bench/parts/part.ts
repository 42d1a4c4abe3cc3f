import type { Contestant } from '../contestants/contestant.ts';
import type { Fact } from '../report/results.ts';
import type { Workload } from '../workloads/workload.ts';

/** Servers side by side, in the same run, over the same storage. */
export interface ServerPart {
  readonly type: 'servers';
  readonly name: string;
  readonly title: string;
  readonly storage: 'fast' | 'shaped' | 'secure' | 'ceph';
  readonly contestants: readonly Contestant[];
  readonly workloads: readonly Workload[];
  /** Whether each workload gets servers of its own, so that none has in memory what another has left there. */
  readonly isFresh?: boolean;
}

/** Something else that is measured, without servers. */
export interface FactPart {
  readonly type: 'facts';
  readonly name: string;
  readonly title: string;
  /** @param rounds how often */
  measure(rounds: number): Promise<readonly Fact[]>;
}

/** What `npm run bench -- NAME` runs. */
export type Part = ServerPart | FactPart;
