import type { Role } from '../contestants/contestant.ts';
import type { Figures } from '../measure/figures.ts';
import type { Spread } from '../measure/statistics.ts';

/** The figures of one contestant in one workload. */
export interface CellResult {
  readonly contestant: string;
  readonly role: Role;
  readonly workload: string;
  /** In the order of the rounds, which is the same for all contestants. */
  readonly rounds: readonly Figures[];
  /** The first fault in its responses. The cell has no rounds after it. */
  readonly failure?: string | undefined;
}

/** A measurement without servers. */
export interface Fact {
  readonly name: string;
  readonly title: string;
  readonly unit: 'µs' | 'ms' | 's' | 'bytes';
  readonly value: Spread;
  /** The same measurement of a peer. */
  readonly peer?: { readonly name: string; readonly value: Spread };
  /** The target: the value should not be above it. */
  readonly max?: number;
  /** How it was measured, if that is not obvious. */
  readonly note?: string;
}

/** The results of one part. */
export interface PartResult {
  readonly name: string;
  readonly title: string;
  readonly cells: readonly CellResult[];
  readonly facts: readonly Fact[];
  /** A line for each contestant or part that was not measured, with the reason. */
  readonly skipped: readonly string[];
}

/** The conditions of a run. */
export interface RunInfo {
  /** ISO 8601 date, with or without the time. */
  readonly made: string;
  /** The commit that was measured; absent in results of older versions of the bench. */
  readonly commit?: string | undefined;
  /** Names of the checkouts measured beside this one that hold the same code: their ratios show the noise. */
  readonly sameCode?: readonly string[] | undefined;
  readonly machine: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly rounds: number;
  /** Length of a timed run, in seconds. */
  readonly seconds: number;
  /** Size of the large object, in bytes. */
  readonly large: number;
  /** Whether contestants had a core of their own. */
  readonly pinned: boolean;
}

/** The results of a run: the content of the file of `--json`. */
export interface Results extends RunInfo {
  readonly parts: readonly PartResult[];
}
