import type { RangeSpec, Span } from '../http/index.ts';

/**
 * Plans the first part of a read: in bounded form, so that its answer tells size and tag of the object.
 *
 * @param range as the caller asked; `undefined` for the whole object
 * @param partSize in bytes
 * @returns `undefined` where the range is read in one: it is no longer than a part, or a suffix, whose place is unknown
 * before the size is
 */
export function firstPart(range: RangeSpec | undefined, partSize: number): RangeSpec | undefined {
  if (range?.form === 'suffix') return undefined;
  const start = range?.start ?? 0;
  const end = start + partSize;
  const isInOne = range?.form === 'bounded' && range.end <= end;
  return isInOne || !Number.isSafeInteger(end) ? undefined : { form: 'bounded', start, end };
}

/** Plans the part behind another: from `start` up to, not including, `end` of all, and no longer than `partSize`, in bytes. */
export function nextPart(start: number, end: number, partSize: number): Span {
  return { start, end: Math.min(start + partSize, end) };
}
