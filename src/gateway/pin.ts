import {
  resolveSpec,
  strongEqual,
  type EntityTag,
  type Preconditions,
  type RangeSpec,
  type Representation,
  type Span,
} from '../http/index.ts';
import type { OpenObject, ReadOptions } from '../store/object-store.ts';
import { storeError } from '../store/store-error.ts';

/** A read of exactly these bytes, of this version where it has a strong tag to pin it to. */
export function pinned(span: Span, { size, etag }: Representation): ReadOptions {
  const isWhole = span.start === 0 && span.end === size;
  const range: RangeSpec | undefined = isWhole ? undefined : { form: 'bounded', ...span };
  return { range, conditions: etag === undefined || etag.weak ? undefined : { ifMatch: [etag] } };
}

/**
 * Refuses an answer that is not what was asked: other bytes, or another version than the one pinned.
 *
 * @throws StoreError `nonsense`, after giving the body back
 */
export async function assertAsAsked(
  { representation, span, body }: OpenObject,
  { range, conditions }: ReadOptions,
): Promise<void> {
  const { size, etag } = representation;
  const asked = range === undefined ? { start: 0, end: size } : resolveSpec(range, size);
  if (asked !== undefined && sameSpan(asked, span) && matches(etag, conditions)) return;
  await body.cancel().catch(() => undefined);
  throw storeError(
    'nonsense',
    `the storage gave bytes ${span.start} to ${span.end} of ${size}, which were not asked for`,
  );
}

function matches(etag: EntityTag | undefined, conditions: Preconditions | undefined): boolean {
  const pins = conditions?.ifMatch;
  return pins === undefined || pins === '*' || (etag !== undefined && pins.some((pin) => strongEqual(pin, etag)));
}

/** @throws StoreError `nonsense` where an object can't have so many bytes */
export function assertSize({ size }: Representation): void {
  if (!Number.isSafeInteger(size) || size < 0)
    throw storeError('nonsense', `the storage says that an object has ${size} bytes`);
}

/** Whether two spans are of the same bytes. */
export function sameSpan(a: Span, b: Span): boolean {
  return a.start === b.start && a.end === b.end;
}
