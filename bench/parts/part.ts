import type { Contestant } from '../contestants/contestant.ts';
import type { Fact } from '../report/results.ts';
import type { Workload } from '../workloads/workload.ts';

/** A part that measures servers side by side, in the same run, over the same storage. */
export interface ServerPart {
  readonly type: 'servers';
  readonly name: string;
  readonly title: string;
  readonly storage: 'fast' | 'shaped' | 'secure' | 'ceph';
  readonly contestants: readonly Contestant[];
  readonly workloads: readonly Workload[];
  /** Whether the servers are restarted for each workload, so that no workload sees the memory of an earlier one. */
  readonly isFresh?: boolean;
}

/** A part that measures without servers. */
export interface FactPart {
  readonly type: 'facts';
  readonly name: string;
  readonly title: string;
  /** @param rounds number of repetitions */
  measure(rounds: number): Promise<readonly Fact[]>;
}

/** A part, which `npm run bench -- NAME` runs. */
export type Part = ServerPart | FactPart;
