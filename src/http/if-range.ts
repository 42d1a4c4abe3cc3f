import { parseEntityTag, strongEqual, type EntityTag } from './entity-tag.ts';
import { parseHttpDate, toSeconds, type Seconds } from './http-date.ts';
import type { Representation } from './representation.ts';

/** The value of If-Range (§13.1.5). `never` is a value that can't match: malformed, or a weak tag. */
export type IfRange =
  | { readonly type: 'tag'; readonly tag: EntityTag }
  | { readonly type: 'date'; readonly seconds: Seconds }
  | { readonly type: 'never' };

/**
 * Parses If-Range. A quote within the first three characters distinguishes a tag from a date (§13.1.5).
 *
 * @param now only used to resolve two-digit years
 */
export function parseIfRange(value: string, now: Seconds): IfRange {
  if (value.slice(0, 3).includes('"')) {
    const tag = parseEntityTag(value);
    return tag === undefined || tag.weak ? { type: 'never' } : { type: 'tag', tag };
  }
  const seconds = parseHttpDate(value, now);
  return seconds === undefined ? { type: 'never' } : { type: 'date', seconds };
}

/**
 * Whether the client's bytes belong to this representation, so that the requested range may be appended to them
 * (§13.1.5).
 *
 * A date has to be equal to the second, and it has to be a strong validator (§8.8.2.2). So the storage has to guarantee
 * that each change of the object changes the date. The date also has to be in the past: during the second that it
 * names, the object may change again without a change of the date.
 *
 * @param now when the request was received
 */
export function checkIfRange(ifRange: IfRange, representation: Representation, now: Seconds): boolean {
  switch (ifRange.type) {
    case 'tag':
      return representation.etag !== undefined && strongEqual(ifRange.tag, representation.etag);
    case 'date':
      return (
        representation.isDateStrong === true &&
        representation.lastModified !== undefined &&
        toSeconds(representation.lastModified) === ifRange.seconds &&
        ifRange.seconds < now
      );
    case 'never':
      return false;
  }
}
