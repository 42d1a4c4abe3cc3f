import { parseEntityTag, strongEqual, type EntityTag } from './entity-tag.ts';
import { parseHttpDate, toSeconds, type Seconds } from './http-date.ts';
import type { Representation } from './representation.ts';

/** An If-Range field's value (§13.1.5). `never` is a value that can match nothing: malformed, or a weak tag. */
export type IfRange =
  | { readonly type: 'tag'; readonly tag: EntityTag }
  | { readonly type: 'date'; readonly seconds: Seconds }
  | { readonly type: 'never' };

/** Reads an If-Range field. A quote within the first three characters tells a tag from a date (§13.1.5). */
export function parseIfRange(value: string, now: Seconds): IfRange {
  if (value.slice(0, 3).includes('"')) {
    const tag = parseEntityTag(value);
    return tag === undefined || tag.weak ? { type: 'never' } : { type: 'tag', tag };
  }
  const seconds = parseHttpDate(value, now);
  return seconds === undefined ? { type: 'never' } : { type: 'date', seconds };
}

/**
 * Whether the client's bytes are of this representation, so that a range may continue them.
 *
 * A date has to be equal to the second, and strong (§8.8.2.2): the storage has to know that a change of the object
 * shows in it, and while the second that it names still runs, the object may change again and keep the date.
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
