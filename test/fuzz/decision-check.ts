import {
  bodyLength,
  decide,
  firstRead,
  parseRequest,
  totalLength,
  type Decision,
  type FirstRead,
  type HeaderChoices,
  type PlannedRead,
  type Span,
} from '../../src/http/index.ts';
import { decisionHeaders } from '../http/decision-headers.ts';
import { must, type Decided } from './decided.ts';
import { headersOf, type DecisionCase } from './decision-case.ts';
import { checkFields, checkRangeFields } from './header-check.ts';
import { requestedSpans } from './reference-spans.ts';

/** The kind of response of a case, for the statistics. */
export type Kind = '200' | '206' | '206 in parts' | '304' | '412' | '416';

/** A case that holds. */
export interface Checked {
  readonly kind: Kind;
  /** The time of the decision, in ms; the checks are slower. */
  readonly took: number;
}

const CHOICES: HeaderChoices = { boundary: `rangeway${'0'.repeat(32)}`, now: 0 };

/**
 * Has the pure core answer a case, and holds the answer to all that is true of every answer.
 *
 * @throws Error that says what is wrong, or whatever the core threw
 */
export function checkDecision(one: DecisionCase): Checked {
  const { method, representation, policy, now } = one;
  const headers = headersOf(one);
  const began = performance.now();
  const request = parseRequest(method, headers, policy, now);
  const ask = firstRead(request, policy);
  const decision = decide(request, representation, policy);
  const fields = decisionHeaders(decision, one.representation, { ...CHOICES, now: one.now });
  const took = performance.now() - began;
  const decided = { decision, fields, spans: spansOf(decision) };
  checkAsk(ask, one);
  checkOccasion(decision, headers, one);
  checkSpans(decided, one);
  checkFields(decided, one);
  checkRangeFields(decided, one);
  checkAgainstReference(decided, headers, one);
  const isMultipart = decision.status === 206 && decision.form === 'multipart';
  return { kind: isMultipart ? '206 in parts' : `${decision.status}`, took };
}

function spansOf(decision: Decision): readonly Span[] {
  if (decision.status !== 200 && decision.status !== 206) return [];
  if (decision.status === 200 || decision.form === 'single') return [decision.span];
  return decision.reads.flatMap(({ parts }) => parts);
}

/** A storage is asked for one range at the most, in numbers that it can be asked for. */
function checkAsk(ask: FirstRead, { method }: DecisionCase): void {
  if (ask.ask === 'head') return;
  must(method === 'GET', 'a HEAD reads no body');
  const { range } = ask;
  if (range === undefined) return;
  const numbers = Object.values(range).filter((value) => typeof value === 'number');
  must(
    numbers.every((value) => Number.isSafeInteger(value) && value >= 0),
    'a storage is asked for whole bytes',
  );
  must(range.form !== 'bounded' || range.start < range.end, 'a storage is not asked for a reversed range');
}

/** No status without a field that asks for it. */
function checkOccasion({ status }: Decision, headers: Headers, { method, policy }: DecisionCase): void {
  const has = (...names: readonly string[]) => names.some((name) => headers.get(name) !== null);
  must([200, 206, 304, 412, 416].includes(status), `${status} is one of the five`);
  if (status === 304) must(has('If-None-Match', 'If-Modified-Since'), '304 only with a condition');
  if (status === 412) must(has('If-Match', 'If-Unmodified-Since'), '412 only with a condition');
  if (status !== 206 && status !== 416) return;
  const field = headers.get('Range');
  must(field !== null && /bytes=/i.test(field), `${status} only where bytes are asked for`);
  must((field?.length ?? 0) <= policy.maxFieldLength, 'a Range field that is too long is ignored');
  must(method === 'GET' || policy.headRange, 'HEAD heeds Range only where it is set so');
}

/** Bytes that are there, of which there are not more than there may be, in as few reads as there may be. */
function checkSpans({ decision, spans }: Decided, { representation, policy }: DecisionCase): void {
  const { size } = representation;
  for (const { start, end } of spans) {
    must(Number.isSafeInteger(start) && Number.isSafeInteger(end), 'offsets are exact');
    must(start >= 0 && end <= size, 'spans are inside the object');
    must(start < end || (decision.status === 200 && size === 0), 'no span is empty but that of nothing');
  }
  if (decision.status === 200) must(decision.span.start === 0 && decision.span.end === size, '200 is the whole');
  if (decision.status !== 206 || decision.form !== 'multipart') return;
  const { reads } = decision;
  must(spans.length > 1, 'one part is no multipart');
  must(spans.length <= policy.maxRanges, 'parts are not more than the policy lets be asked for');
  must(reads.length <= policy.maxReads, 'reads are not more than the policy allows');
  const heads = bodyLength(decision, representation) - totalLength(spans);
  must(heads <= 65_536 || heads * 10 <= size, 'heads are not more than 64 KiB or a tenth of the object');
  const isPinned = representation.etag !== undefined && !representation.etag.weak;
  must(reads.length === 1 || isPinned, 'several reads are pinned to one version');
  const dropped = reads.reduce((sum, read) => sum + droppedBytes(read), 0);
  must(dropped <= policy.maxGapBytes, 'no more is dropped than the policy allows');
  const sorted = spans.toSorted((a, b) => a.start - b.start);
  must(
    sorted.every(({ start }, i) => start >= (sorted[i - 1]?.end ?? 0)),
    'parts do not overlap',
  );
}

/** @throws Error where a read does not cover its parts, exactly and forwards */
function droppedBytes({ span, parts }: PlannedRead): number {
  must(span.start === parts[0]?.start && span.end === parts.at(-1)?.end, 'a read covers its parts exactly');
  let at = span.start;
  let dropped = 0;
  for (const part of parts) {
    must(part.start >= at, 'parts of a read ascend');
    dropped += part.start - at;
    at = part.end;
  }
  return dropped;
}

/** A Range field alone is read again, slowly and by the letter. */
function checkAgainstReference({ decision, spans }: Decided, headers: Headers, one: DecisionCase): void {
  const { representation, policy } = one;
  const { status } = decision;
  const field = headers.get('Range');
  if (field === null || field.length > Math.min(policy.maxFieldLength, 4096)) return;
  const asked = requestedSpans(field, representation.size, policy.maxRanges);
  if (status === 206) {
    must(asked !== undefined, 'a Range field that the grammar does not allow is ignored');
    must(
      asked?.length === spans.length &&
        spans.every(({ start, end }, i) => asked[i]?.start === start && asked[i].end === end),
      'the spans are those asked for, in their order',
    );
  }
  if (status === 416) must(asked?.length === 0, 'only what is beyond the end is unsatisfiable');
  const others = one.lines.some(([name]) => name !== 'Range');
  if (others || one.method === 'HEAD' || representation.size === 0) return;
  if (asked?.length === 1) must(status === 206, 'one range is answered with it');
  if (asked?.length === 0) must(status === 416, 'a range beyond the end is unsatisfiable');
}
