import type { Span } from '../../src/http/index.ts';
import { readRangeField, type WrittenSpec } from '../http/reference/range-grammar.ts';

/**
 * The spans that a Range field requests from an object of `size` bytes, without the unsatisfiable members.
 *
 * @returns `undefined` if the field must be ignored
 */
export function requestedSpans(field: string, size: number, maxRanges: number): readonly Span[] | undefined {
  const specs = readRangeField(field);
  if (specs === undefined || specs.length > maxRanges) return undefined;
  const end = BigInt(size);
  return specs.flatMap((spec) => {
    const [start, stop] = resolve(spec, end);
    return start < stop ? [{ start: Number(start), end: Number(stop) }] : [];
  });
}

function resolve(spec: WrittenSpec, end: bigint): readonly [bigint, bigint] {
  if ('suffix' in spec) return [spec.suffix > end ? 0n : end - spec.suffix, end];
  const { first, last } = spec;
  return [first, last === undefined || last >= end ? end : last + 1n];
}
