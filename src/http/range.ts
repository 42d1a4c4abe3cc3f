import { trimOws } from './field-value.ts';
import type { Span } from './span.ts';

/**
 * One member of a byte range set (§14.1.2), in the client's own form but half-open: `bytes=0-9` is
 * `{ form: 'bounded', start: 0, end: 10 }`, `bytes=5-` is `from`, `bytes=-5` is `suffix`.
 */
export type RangeSpec =
  | { readonly form: 'bounded'; readonly start: number; readonly end: number }
  | { readonly form: 'from'; readonly start: number }
  | { readonly form: 'suffix'; readonly length: number };

/**
 * No representation reaches this many bytes (2^53 - 1), so larger numbers in a field mean the same as this one:
 * past the end. That keeps every offset an exact integer, however many digits a client sends.
 */
export const MAX_POSITION = Number.MAX_SAFE_INTEGER;

const UNIT = /^bytes=/i;
const SPEC = /^(?:(\d+)-(\d*)|-(\d+))$/;

/** How much of a Range field is looked at; above either limit the field is ignored, as §14.2 and §17.15 allow. */
export interface RangeFieldLimits {
  /** Length of the field's value, in characters. */
  readonly maxFieldLength: number;
  /** Members of the set, counted before any is resolved. */
  readonly maxRanges: number;
}

/**
 * Reads a Range field's value (§14.2). Spaces and tabs are accepted around the value, around commas and after `=`:
 * the grammar of §14.1.1 has none after `=`, but the example in §14.1.2, `bytes= 0-999, 4500-5499, -1000`, does.
 *
 * @returns the members in the order asked, at least one; `undefined` where the field is to be ignored: another
 *   unit, anything malformed, a last position before the first (§14.1.1), or a limit exceeded. Never throws.
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
  // Past every end nothing is bounded; left so, it would print as a reversed range.
  if (start === MAX_POSITION) return { form: 'from', start };
  return { form: 'bounded', start, end: Math.min(toPosition(last) + 1, MAX_POSITION) };
}

function toPosition(digits: string): number {
  return Math.min(Number(digits), MAX_POSITION);
}

/** Numerals of so many digits are exact as numbers. */
const EXACT_DIGITS = 15;

/** Exact for numerals of any length, where `Number` would call 2^64 and 2^64 + 1 equal. */
function isLess(a: string, b: string): boolean {
  if (a.length <= EXACT_DIGITS && b.length <= EXACT_DIGITS) return Number(a) < Number(b);
  const x = a.replace(/^0+/, '');
  const y = b.replace(/^0+/, '');
  return x.length === y.length ? x < y : x.length < y.length;
}

/** Prints specs as a Range field's value; the inverse of {@link parseRange}. */
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
 * Resolves one member against a representation of `size` bytes (§14.1.2): the last position is clamped, a suffix
 * longer than the representation is the whole of it.
 *
 * @returns the bytes meant, or `undefined` where the member is unsatisfiable, as every member is for a size of 0.
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

/** Resolves a set: the spans of its satisfiable members, in the order asked. */
export function resolveRange(specs: readonly RangeSpec[], size: number): readonly Span[] {
  const spans: Span[] = [];
  for (const spec of specs) {
    const span = resolveSpec(spec, size);
    if (span !== undefined) spans.push(span);
  }
  return spans;
}
