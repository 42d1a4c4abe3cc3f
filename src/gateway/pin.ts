import {
  resolveSpec,
  sameSpan,
  strongEqual,
  type EntityTag,
  type Preconditions,
  type RangeSpec,
  type Representation,
  type Span,
} from '../http/index.ts';
import type { OpenObject, ReadOptions } from '../store/object-store.ts';
import { isPinnable } from '../store/pinnable.ts';
import { storeError } from '../store/store-error.ts';

/** A read of exactly these bytes, of this version where it has a strong tag to pin it to. */
export function pinned(span: Span, representation: Representation): ReadOptions {
  const isWhole = sameSpan(span, { start: 0, end: representation.size });
  const range: RangeSpec | undefined = isWhole ? undefined : { form: 'bounded', ...span };
  return { range, conditions: isPinnable(representation) ? { ifMatch: [representation.etag] } : undefined };
}

/**
 * Refuses an answer that is not what was asked: other bytes, or another version than the one pinned.
 *
 * @throws StoreError `nonsense`, after giving the body back
 */
export async function assertAsAsked(opened: OpenObject, { range, conditions }: ReadOptions): Promise<void> {
  const { representation, span } = opened;
  const { size, etag } = representation;
  const asked = range === undefined ? { start: 0, end: size } : resolveSpec(range, size);
  if (asked !== undefined && sameSpan(asked, span) && matches(etag, conditions)) return;
  await opened.body.cancel().catch(() => undefined);
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
