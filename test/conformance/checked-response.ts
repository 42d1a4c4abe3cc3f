import type { Fixture } from './fixtures.ts';
import { valuesOf, type WireResponse } from './wire.ts';

/** A response and what it must be judged by. */
export type CheckedResponse = {
  readonly method: string;
  readonly response: WireResponse;
  /** The object that the target names, if it names one. */
  readonly fixture: Fixture | undefined;
  /** Whether the target is a folder that is listed. */
  readonly isListing?: boolean;
  /** The answer to a plain HEAD of the same target just before. */
  readonly head: WireResponse | undefined;
};

/** A rule for every response. The reasons why it is broken; none when it holds. */
export type Invariant = (seen: CheckedResponse) => readonly string[];

/** The reason, where the rule does not hold. */
export const unless = (holds: boolean, why: string): readonly string[] => (holds ? [] : [why]);

/** How many lines a field has. */
export const count = (response: WireResponse, name: string): number => valuesOf(response, name).length;

/** A field as it came, or that it did not. */
export const shown = (response: WireResponse, name: string): string => {
  const values = valuesOf(response, name);
  return values.length === 0 ? `no ${name}` : `${name}: ${values.join(' | ')}`;
};

/** Only the fields in `names` of those that are there, as messages that they must not be. */
export const forbid = (response: WireResponse, why: string, ...names: readonly string[]): readonly string[] =>
  names.filter((name) => count(response, name) > 0).map((name) => `${why}, got ${shown(response, name)}`);
