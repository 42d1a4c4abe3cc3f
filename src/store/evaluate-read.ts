import { checkPreconditions, resolveSpec, type Preconditions, type Representation, type Span } from '../http/index.ts';
import type { BodilessResult, ReadOptions } from './object-store.ts';

/** Which bytes a read gets of a representation, or the answer without bytes that it gets instead. */
type ReadEvaluation =
  | { readonly type: 'span'; readonly span: Span }
  | Exclude<BodilessResult, { readonly type: 'missing' }>;

/** For stores that know an object's metadata before they open its bytes: conditions first, then the range. */
export function evaluateRead(representation: Representation, { conditions = {}, range }: ReadOptions): ReadEvaluation {
  const held = failedCondition(representation, conditions);
  if (held !== undefined) return held;
  const span = range === undefined ? { start: 0, end: representation.size } : resolveSpec(range, representation.size);
  return span === undefined ? { type: 'unsatisfiable', representation } : { type: 'span', span };
}

/** The answer where a condition holds the body back; `undefined` where none does. */
export function failedCondition(
  representation: Representation,
  conditions: Preconditions,
): Extract<BodilessResult, { readonly type: 'version-changed' | 'unmodified' }> | undefined {
  switch (checkPreconditions(conditions, representation)) {
    case 'modified':
      return { type: 'version-changed', representation };
    case 'unmodified':
      return { type: 'unmodified', metadata: representation };
    case 'hold':
      return undefined;
  }
}
