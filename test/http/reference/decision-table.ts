/** A field as a client means it, before it is written. */
export type Field<T> =
  | { readonly kind: 'absent' }
  | { readonly kind: 'malformed'; readonly text: string }
  | { readonly kind: 'value'; readonly value: T };

export interface MeantTag {
  readonly weak: boolean;
  readonly text: string;
}

/** Positions as a client writes them: both are in the range. Reversed ones are meant to be there. */
export type MeantRange = { readonly first: number; readonly last: number | undefined } | { readonly suffix: number };

/** Dates are whole seconds. */
export interface MeantRequest {
  readonly method: 'GET' | 'HEAD';
  readonly ifMatch: Field<'*' | readonly MeantTag[]>;
  readonly ifUnmodifiedSince: Field<number>;
  readonly ifNoneMatch: Field<'*' | readonly MeantTag[]>;
  readonly ifModifiedSince: Field<number>;
  readonly ifRange: Field<{ readonly tag: MeantTag } | { readonly date: number }>;
  readonly range: Field<readonly MeantRange[]>;
}

export interface MeantObject {
  readonly size: number;
  readonly tag: MeantTag | undefined;
  /** Whole seconds. */
  readonly modified: number | undefined;
  readonly type: string;
}

export interface Policy {
  readonly headRange: boolean;
  readonly maxRanges: number;
  readonly maxReads: number;
  readonly nearGap: number;
  readonly maxGapBytes: number;
}

export interface Answer {
  readonly status: number;
  /** Half-open, in the order sent. */
  readonly spans: readonly (readonly [start: number, end: number])[];
}

/** §13.2.2 step by step, then §14.2 with what HTTP-RULES says "here". */
export function expectedAnswer(request: MeantRequest, object: MeantObject, policy: Policy, now: number): Answer {
  const { ifMatch, ifUnmodifiedSince, ifNoneMatch, ifModifiedSince, ifRange, range } = request;
  const { size, tag, modified } = object;
  const whole: Answer = { status: 200, spans: [[0, size]] };

  // 1. If-Match, strong comparison; malformed, it can't hold.
  if (ifMatch.kind === 'malformed') return bare(412);
  if (ifMatch.kind === 'value' && ifMatch.value !== '*') {
    if (tag === undefined || tag.weak) return bare(412);
    if (!ifMatch.value.some((asked) => !asked.weak && asked.text === tag.text)) return bare(412);
  }
  // 2. If-Unmodified-Since, where there is no If-Match.
  if (ifMatch.kind === 'absent' && ifUnmodifiedSince.kind === 'value') {
    if (modified !== undefined && modified > ifUnmodifiedSince.value) return bare(412);
  }
  // 3. If-None-Match, weak comparison; malformed, it matches nothing.
  if (ifNoneMatch.kind === 'value') {
    if (ifNoneMatch.value === '*') return bare(304);
    if (tag !== undefined && ifNoneMatch.value.some((asked) => asked.text === tag.text)) return bare(304);
  }
  // 4. If-Modified-Since, where there is no If-None-Match.
  if (ifNoneMatch.kind === 'absent' && ifModifiedSince.kind === 'value') {
    if (modified !== undefined && modified <= ifModifiedSince.value) return bare(304);
  }
  // 5. Range and If-Range.
  if (request.method === 'HEAD' && !policy.headRange) return whole;
  if (range.kind !== 'value' || range.value.length === 0 || range.value.length > policy.maxRanges) return whole;
  if (range.value.some((asked) => 'first' in asked && asked.last !== undefined && asked.last < asked.first))
    return whole;
  if (ifRange.kind === 'malformed') return whole;
  if (ifRange.kind === 'value') {
    const validator = ifRange.value;
    if ('date' in validator) {
      if (modified === undefined || modified !== validator.date || modified >= now) return whole;
    } else if (tag === undefined || tag.weak || validator.tag.weak || tag.text !== validator.tag.text) {
      return whole;
    }
  }
  return rangeAnswer(range.value, object, policy) ?? whole;
}

function bare(status: number): Answer {
  return { status, spans: [] };
}

/** @returns `undefined` where the set is ignored */
function rangeAnswer(asked: readonly MeantRange[], object: MeantObject, policy: Policy): Answer | undefined {
  const { size, tag } = object;
  if (size === 0) return asked.some((range) => 'suffix' in range && range.suffix > 0) ? undefined : bare(416);
  const spans: (readonly [number, number])[] = [];
  for (const range of asked) {
    if ('suffix' in range) {
      if (range.suffix > 0) spans.push([Math.max(size - range.suffix, 0), size]);
    } else if (range.first < size) {
      const last = range.last === undefined || range.last >= size ? size - 1 : range.last;
      spans.push([range.first, last + 1]);
    }
  }
  if (spans.length === 0) return bare(416);
  if (spans.length === 1) return { status: 206, spans };
  // Overlapping: two spans neither of which ends before the other begins.
  for (const [i, [start, end]] of spans.entries()) {
    for (const [otherStart, otherEnd] of spans.slice(i + 1)) {
      if (start < otherEnd && otherStart < end) return undefined;
    }
  }
  // Ten times, so that a tenth of any size is a whole number.
  const heads = answerLength(spans, object) - spans.reduce((sum, [start, end]) => sum + end - start, 0);
  if (heads > 65_536 && heads * 10 > size) return undefined;
  const reads = readCount(spans, policy);
  if (reads === undefined) return undefined;
  if (reads > 1 && (tag === undefined || tag.weak)) return undefined;
  return { status: 206, spans };
}

/** The shape of CLIENTS.md, counted. A boundary has 40 characters. */
export function answerLength(spans: Answer['spans'], { size, type }: Pick<MeantObject, 'size' | 'type'>): number {
  let length = '\r\n--'.length + 40 + '--\r\n'.length;
  for (const [start, end] of spans) {
    length += '\r\n--'.length + 40 + '\r\n'.length;
    length += 'Content-Type: '.length + type.length + '\r\n'.length;
    length += `Content-Range: bytes ${start}-${end - 1}/${size}`.length + '\r\n\r\n'.length;
    length += end - start;
  }
  return length;
}

/** As few bytes dropped as may be for the reads allowed, and near gaps read through where that is paid for. */
function readCount(spans: Answer['spans'], { maxReads, nearGap, maxGapBytes }: Policy): number | undefined {
  const gaps: number[] = [];
  for (const [i, [start]] of spans.entries()) {
    const before = spans[i - 1];
    if (before !== undefined && start >= before[1]) gaps.push(start - before[1]);
  }
  gaps.sort((a, b) => a - b);
  const cost = (joins: number): number => gaps.slice(0, joins).reduce((sum, gap) => sum + gap, 0);
  const forced = Math.max(0, spans.length - maxReads);
  if (forced > gaps.length || cost(forced) > maxGapBytes) return undefined;
  let joins = forced;
  while (joins < gaps.length && (gaps[joins] ?? 0) <= nearGap && cost(joins + 1) <= maxGapBytes) joins++;
  return spans.length - joins;
}
