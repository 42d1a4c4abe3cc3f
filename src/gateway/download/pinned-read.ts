import {
  isPinnable,
  resolveSpec,
  sameSpan,
  strongEqual,
  type EntityTag,
  type Preconditions,
  type RangeSpec,
  type Representation,
  type Span,
} from '../../http/index.ts';
import type { OpenObject, ReadOptions } from '../../store/object-store.ts';
import { storeError } from '../../store/store-error.ts';

/** A read of exactly these bytes, of this version where it has a strong tag to pin it to. */
export function pinnedRead(span: Span, representation: Representation): ReadOptions {
  const isWhole = sameSpan(span, { start: 0, end: representation.size });
  const range: RangeSpec | undefined = isWhole ? undefined : { form: 'bounded', ...span };
  return { range, conditions: isPinnable(representation) ? { ifMatch: [representation.etag] } : undefined };
}

/**
 * Refuses an answer that does not fit the request: other bytes, the whole included unless `mayBeWhole`, or another
 * version than the one pinned.
 *
 * @throws StoreError `invalid-response`, after giving the body back
 */
export async function assertMatchesRequest(opened: OpenObject, options: ReadOptions): Promise<void> {
  const { representation, span } = opened;
  const { size, etag } = representation;
  if ((isAsked(opened, options) || isRangeIgnored(opened, options)) && matches(etag, options.conditions)) return;
  await opened.body.cancel().catch(() => undefined);
  throw storeError(
    'invalid-response',
    `the storage gave bytes ${span.start} to ${span.end} of ${size}, which were not asked for`,
  );
}

/** Whether the storage has ignored the range, which it was allowed to, and sends the whole (§14.2). */
export function isRangeIgnored(opened: OpenObject, options: ReadOptions): boolean {
  const { span, representation } = opened;
  if (options.mayBeWhole !== true || isAsked(opened, options)) return false;
  return sameSpan(span, { start: 0, end: representation.size });
}

function isAsked({ representation: { size }, span }: OpenObject, { range }: ReadOptions): boolean {
  const asked = range === undefined ? { start: 0, end: size } : resolveSpec(range, size);
  return asked !== undefined && sameSpan(asked, span);
}

function matches(etag: EntityTag | undefined, conditions: Preconditions | undefined): boolean {
  const pins = conditions?.ifMatch;
  return pins === undefined || pins === '*' || (etag !== undefined && pins.some((pin) => strongEqual(pin, etag)));
}

/** @throws StoreError `invalid-response` where an object can't have so many bytes */
export function assertSize({ size }: Representation): void {
  if (!Number.isSafeInteger(size) || size < 0)
    throw storeError('invalid-response', `the storage says that an object has ${size} bytes`);
}
