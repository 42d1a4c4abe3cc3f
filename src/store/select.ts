import { checkPreconditions, resolveSpec, type Representation, type Span } from '../http/index.ts';
import type { ReadOptions, ReadResult } from './object-store.ts';

/** Which bytes a read gets of a representation, or the answer without bytes that it gets instead. */
export type Selection =
  | { readonly type: 'span'; readonly span: Span }
  | Exclude<ReadResult, { readonly type: 'open' | 'missing' }>;

/** For stores that know an object's metadata before they open its bytes: conditions first, then the range. */
export function select(representation: Representation, { conditions = {}, range }: ReadOptions): Selection {
  switch (checkPreconditions(conditions, representation)) {
    case 'modified':
      return { type: 'changed', representation };
    case 'unmodified':
      return { type: 'unmodified', metadata: representation };
    case 'hold':
      break;
  }
  const span = range === undefined ? { start: 0, end: representation.size } : resolveSpec(range, representation.size);
  return span === undefined ? { type: 'unsatisfiable', representation } : { type: 'span', span };
}
