import {
  isPinnable,
  resolveSpec,
  equalSpans,
  strongEqual,
  type EntityTag,
  type Preconditions,
  type RangeSpec,
  type Representation,
  type Span,
} from '../../http/index.ts';
import type { OpenObject, ReadOptions } from '../../store/object-store.ts';
import { storeError } from '../../store/store-error.ts';

/**
 * Makes the options of a read of exactly these bytes, pinned with If-Match if the version has a strong entity tag.
 *
 * @param span half-open, in bytes
 */
export function pinnedRead(span: Span, representation: Representation): ReadOptions {
  const isWhole = equalSpans(span, { start: 0, end: representation.size });
  const range: RangeSpec | undefined = isWhole ? undefined : { form: 'bounded', ...span };
  return { range, conditions: isPinnable(representation) ? { ifMatch: [representation.etag] } : undefined };
}

/**
 * Checks that the storage has returned the bytes and the version that were requested. The whole object instead of a
 * range is accepted only with `mayBeWhole`.
 *
 * @throws StoreError `invalid-response` if it has not, after closing the body
 */
export async function assertMatchesRequest(opened: OpenObject, options: ReadOptions): Promise<void> {
  const { representation, span } = opened;
  const { size, etag } = representation;
  if (
    (hasRequestedSpan(opened, options) || isRangeIgnored(opened, options)) &&
    isPinnedVersion(etag, options.conditions)
  )
    return;
  await opened.body.cancel().catch(() => undefined);
  throw storeError(
    'invalid-response',
    `the storage gave bytes ${span.start} to ${span.end} of ${size}, which were not asked for`,
  );
}

/** Returns whether the storage has ignored the range, as `mayBeWhole` allows, and sends the whole object (§14.2). */
export function isRangeIgnored(opened: OpenObject, options: ReadOptions): boolean {
  const { span, representation } = opened;
  if (options.mayBeWhole !== true || hasRequestedSpan(opened, options)) return false;
  return equalSpans(span, { start: 0, end: representation.size });
}

function hasRequestedSpan({ representation: { size }, span }: OpenObject, { range }: ReadOptions): boolean {
  const requested = range === undefined ? { start: 0, end: size } : resolveSpec(range, size);
  return requested !== undefined && equalSpans(requested, span);
}

function isPinnedVersion(etag: EntityTag | undefined, conditions: Preconditions | undefined): boolean {
  const pins = conditions?.ifMatch;
  return pins === undefined || pins === '*' || (etag !== undefined && pins.some((pin) => strongEqual(pin, etag)));
}

/**
 * Checks the size that the storage has reported.
 *
 * @throws StoreError `invalid-response` if it is not a safe integer, or is negative
 */
export function assertSize({ size }: Representation): void {
  if (!Number.isSafeInteger(size) || size < 0)
    throw storeError('invalid-response', `the storage says that an object has ${size} bytes`);
}
