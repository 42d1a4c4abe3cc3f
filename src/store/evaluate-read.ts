import { checkPreconditions, resolveSpec, type Preconditions, type Representation, type Span } from '../http/index.ts';
import type { BodilessResult, ReadOptions } from './object-store.ts';

/** The bytes that a read returns of a representation, or its result without bytes. */
type ReadEvaluation =
  | { readonly type: 'span'; readonly span: Span }
  | Exclude<BodilessResult, { readonly type: 'missing' }>;

/**
 * Decides the result of a read from the object's metadata: first the conditions (§13.2.2), then the range. Serves
 * stores that know the metadata before they open the bytes.
 */
export function evaluateRead(representation: Representation, { conditions = {}, range }: ReadOptions): ReadEvaluation {
  const failed = failedCondition(representation, conditions);
  if (failed !== undefined) return failed;
  const span = range === undefined ? { start: 0, end: representation.size } : resolveSpec(range, representation.size);
  return span === undefined ? { type: 'unsatisfiable', representation } : { type: 'span', span };
}

/**
 * Evaluates the conditions of a read (§13.2.2).
 *
 * @returns the result without a body if a condition fails, else `undefined`
 */
export function failedCondition(
  representation: Representation,
  conditions: Preconditions,
): Extract<BodilessResult, { readonly type: 'version-changed' | 'unmodified' }> | undefined {
  switch (checkPreconditions(conditions, representation)) {
    case 'modified':
      return { type: 'version-changed', representation };
    case 'unmodified':
      return { type: 'unmodified', metadata: representation };
    case 'proceed':
      return undefined;
  }
}
