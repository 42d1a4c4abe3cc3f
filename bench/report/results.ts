import type { Figures } from '../measure/figures.ts';
import type { Spread } from '../measure/statistics.ts';
import type { Role } from '../contestants/contestant.ts';

/** What one contestant did in one workload. */
export interface CellResult {
  readonly contestant: string;
  readonly role: Role;
  readonly workload: string;
  /** In the order of the rounds, which are the same for all contestants. */
  readonly rounds: readonly Figures[];
  /** What was wrong with its answers; then nothing is measured, or the rounds end early. */
  readonly failure?: string | undefined;
}

/** A measurement outside the servers' table. */
export interface Fact {
  readonly name: string;
  readonly title: string;
  readonly unit: 'µs' | 'ms' | 's' | 'bytes';
  readonly value: Spread;
  /** The same of a peer. */
  readonly peer?: { readonly name: string; readonly value: Spread };
  /** What it may be. */
  readonly most?: number;
  /** How it was measured, where that is not plain. */
  readonly note?: string;
}

/** What a part came to. */
export interface PartResult {
  readonly name: string;
  readonly title: string;
  readonly cells: readonly CellResult[];
  readonly facts: readonly Fact[];
  /** What was not measured, and why. */
  readonly skipped: readonly string[];
}

/** What a run came to: the content of the JSON file. */
export interface Results {
  readonly made: string;
  readonly machine: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly rounds: number;
  /** Of a timed run. */
  readonly seconds: number;
  /** Size of the large object, in bytes. */
  readonly large: number;
  /** Whether gateways had a core of their own. */
  readonly pinned: boolean;
  readonly parts: readonly PartResult[];
}
