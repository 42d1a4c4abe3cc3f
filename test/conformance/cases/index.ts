import type { Case } from '../case.ts';
import { abuseCases } from './abuse.ts';
import { corsCases } from './cors.ts';
import { downloadCases } from './download.ts';
import { emptyObjectCases } from './empty-object.ts';
import { headCases } from './head.ts';
import { ifRangeCases } from './if-range.ts';
import { methodCases } from './methods.ts';
import { orderCases } from './order.ts';
import { pathCases } from './paths.ts';
import { preconditionDateCases } from './precondition-dates.ts';
import { preconditionPairCases } from './precondition-pairs.ts';
import { preconditionCases } from './preconditions.ts';
import { malformedRangeCases } from './range-malformed.ts';
import { rangeCases } from './range.ts';
import { representationCases } from './representation.ts';
import { severalRangesCases } from './several-ranges.ts';

/** Every case, in groups. The order means nothing: no case depends on another. */
export const groups: readonly (readonly Case[])[] = [
  rangeCases,
  malformedRangeCases,
  severalRangesCases,
  ifRangeCases,
  preconditionCases,
  preconditionDateCases,
  preconditionPairCases,
  orderCases,
  headCases,
  emptyObjectCases,
  representationCases,
  methodCases,
  pathCases,
  downloadCases,
  corsCases,
  abuseCases,
];

export const cases: readonly Case[] = groups.flat();
