import { trimOws } from './field-value.ts';
import type { Span } from './span.ts';

/**
 * One member of a byte range set (§14.1.2), in the form that the client sent, but half-open: `bytes=0-9` is
 * `{ form: 'bounded', start: 0, end: 10 }`, `bytes=5-` is `from`, `bytes=-5` is `suffix`.
 */
export type RangeSpec =
  | { readonly form: 'bounded'; readonly start: number; readonly end: number }
  | { readonly form: 'from'; readonly start: number }
  | { readonly form: 'suffix'; readonly length: number };

/**
 * Largest position, 2^53 - 1. No representation has so many bytes, so a larger number in a field has the same meaning:
 * beyond the end. Every offset is therefore an exact integer, however many digits a client sends.
 */
export const MAX_POSITION = Number.MAX_SAFE_INTEGER;

const UNIT = /^bytes=/i;
const SPEC = /^(?:(\d+)-(\d*)|-(\d+))$/;

/** Limits of a Range field. A field that exceeds one of them is ignored, as §14.2 and §17.15 allow. */
export interface RangeFieldLimits {
  /** Longest field value, in characters. */
  readonly maxFieldLength: number;
  /** Most members of the set, including those that turn out to be unsatisfiable. */
  readonly maxRanges: number;
}

/**
 * Parses a Range field (§14.2). Never throws. Spaces and tabs are accepted around the value, around commas and after
 * `=`: the grammar of §14.1.1 has none after `=`, but the example in §14.1.2, `bytes= 0-999, 4500-5499, -1000`, does.
 *
 * @returns the members in the requested order, at least one. `undefined` if the field is to be ignored: another unit, a
 *   malformed value, a last position before the first (§14.1.1), or an exceeded limit.
 */
export function parseRange(value: string, limits: RangeFieldLimits): readonly RangeSpec[] | undefined {
  if (value.length > limits.maxFieldLength) return undefined;
  const field = trimOws(value);
  if (!UNIT.test(field)) return undefined;
  const specs: RangeSpec[] = [];
  for (const element of field.slice('bytes='.length).split(',')) {
    const member = trimOws(element);
    // §5.6.1.2: a recipient accepts empty list elements.
    if (member === '') continue;
    const spec = parseSpec(member);
    if (spec === undefined || specs.length === limits.maxRanges) return undefined;
    specs.push(spec);
  }
  return specs.length === 0 ? undefined : specs;
}

function parseSpec(member: string): RangeSpec | undefined {
  const match = SPEC.exec(member);
  if (match === null) return undefined;
  const [, first, last, suffix] = match;
  if (suffix !== undefined) return { form: 'suffix', length: toPosition(suffix) };
  if (first === undefined) return undefined;
  if (last === undefined || last === '') return { form: 'from', start: toPosition(first) };
  if (isLess(last, first)) return undefined;
  const start = toPosition(first);
  // The end would not be after the start, and the spec would print as a reversed range.
  if (start === MAX_POSITION) return { form: 'from', start };
  return { form: 'bounded', start, end: Math.min(toPosition(last) + 1, MAX_POSITION) };
}

function toPosition(digits: string): number {
  return Math.min(Number(digits), MAX_POSITION);
}

/** A decimal integer with at most this many digits is exact as a number. */
const EXACT_DIGITS = 15;

/** Compares decimal integers of any length. As numbers, 2^64 and 2^64 + 1 would be equal. */
function isLess(a: string, b: string): boolean {
  if (a.length <= EXACT_DIGITS && b.length <= EXACT_DIGITS) return Number(a) < Number(b);
  const x = a.replace(/^0+/, '');
  const y = b.replace(/^0+/, '');
  return x.length === y.length ? x < y : x.length < y.length;
}

/** Prints a Range field; the inverse of {@link parseRange}. */
export function printRange(specs: readonly RangeSpec[]): string {
  return `bytes=${specs.map(printSpec).join(', ')}`;
}

function printSpec(spec: RangeSpec): string {
  switch (spec.form) {
    case 'bounded':
      return `${spec.start}-${spec.end - 1}`;
    case 'from':
      return `${spec.start}-`;
    case 'suffix':
      return `-${spec.length}`;
  }
}

/**
 * Resolves one member for a representation (§14.1.2). The last position is clamped to the end, and a suffix that is
 * longer than the representation selects all of it.
 *
 * @param size complete length in bytes
 * @returns `undefined` if the member is unsatisfiable, as every member is for a size of 0
 */
export function resolveSpec(spec: RangeSpec, size: number): Span | undefined {
  switch (spec.form) {
    case 'bounded':
      return spec.start < size ? { start: spec.start, end: Math.min(spec.end, size) } : undefined;
    case 'from':
      return spec.start < size ? { start: spec.start, end: size } : undefined;
    case 'suffix':
      return spec.length > 0 && size > 0 ? { start: Math.max(0, size - spec.length), end: size } : undefined;
  }
}

/**
 * Resolves a byte range set for a representation.
 *
 * @param size complete length in bytes
 * @returns the spans of the satisfiable members, in the requested order
 */
export function resolveRange(specs: readonly RangeSpec[], size: number): readonly Span[] {
  const spans: Span[] = [];
  for (const spec of specs) {
    const span = resolveSpec(spec, size);
    if (span !== undefined) spans.push(span);
  }
  return spans;
}
