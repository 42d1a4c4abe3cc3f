import { planBody } from '../../../src/gateway/download/plan-body.ts';
import { type BodyPlan } from '../../../src/gateway/download/body-pipe.ts';
import fc from 'fast-check';
import { planReads, type Decision, type Representation, type Span } from '../../../src/http/index.ts';
import type { OpenObject } from '../../../src/store/object-store.ts';
import { counting, cut, sourceOf, type Source } from '../../store/bodies.ts';

/** The boundary of all multipart responses here. */
export const BOUNDARY = `rangeway${'0'.repeat(32)}`;
/** The signal of a client that never disconnects. */
export const NEVER = new AbortController().signal;
const NO_BYTES = new Uint8Array(0);

/** A planned body, with a record of its reads. */
export interface PlannedBody {
  readonly parts: readonly Span[];
  readonly plan: BodyPlan;
  /** One for each read, in the order of opening; the first is open from the start. */
  readonly sources: readonly Source[];
}

/** The behaviour of the storage: lengths of chunks, and bytes added to (or, below 0, missing from) one read. */
export interface Storage {
  readonly lengths: readonly number[];
  readonly wrongRead: number;
  readonly surplus: number;
  /** Whether surplus bytes come in a chunk of their own, or in the last one. */
  readonly apart: boolean;
}

/** The decisions with a body. */
type Sending = Extract<Decision, { readonly status: 200 | 206 }>;

/** Plans a body as the gateway does, over an object in memory. */
export function planOver(bytes: Uint8Array, decision: Sending, storage: Storage): PlannedBody {
  const representation: Representation = {
    size: bytes.length,
    etag: { weak: false, opaque: 'v1' },
    contentType: 'text/\u00e9',
  };
  const sources: Source[] = [];
  const open = (span: Span): OpenObject => {
    const surplus = sources.length === storage.wrongRead ? storage.surplus : 0;
    const right = bytes.subarray(span.start, span.end);
    const chunks = cut(right.subarray(0, Math.max(0, right.length + Math.min(0, surplus))), storage.lengths);
    const source = sourceOf(surplus > 0 ? withSurplus(chunks, counting(surplus), storage.apart) : chunks);
    sources.push(source);
    return { type: 'open', representation, span, body: source.body };
  };
  const { spans, parts } = readsOf(decision);
  const first = open(spans[0] ?? { start: 0, end: 0 });
  const store = {
    head: async () => representation,
    read: async () => open(spans[sources.length] ?? { start: 0, end: 0 }),
  };
  const plan = planBody(
    decision,
    first,
    {
      store,
      key: 'k',
      signal: NEVER,
      idleTimeout: 60_000,
    },
    BOUNDARY,
  );
  return { parts, plan, sources };
}

function withSurplus(chunks: readonly Uint8Array[], surplus: Uint8Array, apart: boolean): readonly Uint8Array[] {
  if (apart) return [...chunks, NO_BYTES, surplus];
  return [...chunks.slice(0, -1), Uint8Array.from([...(chunks.at(-1) ?? NO_BYTES), ...surplus])];
}

function readsOf(decision: Sending): { readonly spans: readonly Span[]; readonly parts: readonly Span[] } {
  if (decision.status === 200 || decision.form === 'single') return { spans: [decision.span], parts: [decision.span] };
  return { spans: decision.reads.map(({ span }) => span), parts: decision.reads.flatMap((read) => read.parts) };
}

const TWO_PARTS: readonly Span[] = [
  { start: 0, end: 2 },
  { start: 5, end: 9 },
];
/** Parts that do not overlap, ascending or descending, of random bytes. */
const bytesAndParts = fc
  .tuple(
    fc.uint8Array({ minLength: 12, maxLength: 300 }),
    fc.uniqueArray(fc.nat(299), { minLength: 4, maxLength: 12 }),
    fc.boolean(),
  )
  .map(([bytes, places, turned]) => {
    const cuts = [...new Set(places.map((place) => place % (bytes.length + 1)))].toSorted((a, b) => a - b);
    const found = cuts.flatMap((start, i) =>
      i % 2 === 0 && cuts[i + 1] !== undefined ? [{ start, end: cuts[i + 1] ?? 0 }] : [],
    );
    const parts = found.length > 1 ? found : TWO_PARTS;
    return { bytes, parts: turned ? parts.toReversed() : parts };
  });
const lengths = fc.array(fc.nat(40), { maxLength: 6 });
/** Random arguments of {@link planOver}, for several parts. */
export const anyMultipartBody = fc
  .record({
    object: bytesAndParts,
    nearGap: fc.nat(60),
    lengths,
    wrongRead: fc.nat(5),
    surplus: fc.oneof(fc.integer({ min: -2, max: 2 }), fc.integer({ min: -300, max: 300 })),
    apart: fc.boolean(),
  })
  .map(({ object: { bytes, parts }, nearGap, lengths: chunkLengths, wrongRead, surplus, apart }) => {
    const reads = planReads(parts, { maxReads: 100, nearGap, maxGapBytes: 1000 }) ?? [];
    const storage = { lengths: chunkLengths, wrongRead: wrongRead % Math.max(1, reads.length), surplus, apart };
    return { bytes, decision: { status: 206, form: 'multipart', reads } as const, storage };
  });
/** Random arguments for one part. */
export const anySinglePartBody = fc
  .record({
    bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }),
    a: fc.nat(299),
    b: fc.nat(299),
    lengths,
    surplus: fc.oneof(fc.integer({ min: -2, max: 2 }), fc.integer({ min: -300, max: 300 })),
    apart: fc.boolean(),
  })
  .map(({ bytes, a, b, lengths: chunkLengths, surplus, apart }) => {
    const [start, last] = [a % bytes.length, b % bytes.length].toSorted((x, y) => x - y);
    const span = { start: start ?? 0, end: (last ?? 0) + 1 };
    return {
      bytes,
      decision: { status: 206, form: 'single', span } as const,
      storage: { lengths: chunkLengths, wrongRead: 0, surplus, apart },
    };
  });
/** Random arguments for one part or several. */
export const anyPlannedBody = fc.oneof(anyMultipartBody, anySinglePartBody);
