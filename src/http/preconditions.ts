import { parseEntityTagList, strongEqual, weakEqual, type EntityTagList } from './entity-tag.ts';
import type { Fields } from './fields.ts';
import { parseHttpDate, type Seconds } from './http-date.ts';
import { modifiedSeconds, type Metadata } from './representation.ts';

/** The preconditions of a request. Those that have to be ignored (§13.1) are absent. */
export interface Preconditions {
  readonly ifMatch?: EntityTagList | undefined;
  readonly ifUnmodifiedSince?: Seconds | undefined;
  readonly ifNoneMatch?: EntityTagList | undefined;
  readonly ifModifiedSince?: Seconds | undefined;
}

/** `modified` leads to 412 and `unmodified` to 304. `hold`: all preconditions are true, and the request continues. */
export type PreconditionResult = 'proceed' | 'modified' | 'unmodified';

/**
 * Parses the four precondition fields. A malformed list of tags is treated as an empty list. Then an If-Match fails,
 * which is the safe result, and an If-None-Match matches nothing, so that the client gets the bytes.
 *
 * @param now only used to resolve two-digit years
 */
export function parsePreconditions(headers: Fields, now: Seconds): Preconditions {
  const ifMatch = headers.get('If-Match');
  const ifNoneMatch = headers.get('If-None-Match');
  return {
    ifMatch: ifMatch === null ? undefined : (parseEntityTagList(ifMatch) ?? []),
    ifUnmodifiedSince: ifMatch === null ? parseSince(headers.get('If-Unmodified-Since'), now) : undefined,
    ifNoneMatch: ifNoneMatch === null ? undefined : (parseEntityTagList(ifNoneMatch) ?? []),
    ifModifiedSince: ifNoneMatch === null ? parseSince(headers.get('If-Modified-Since'), now) : undefined,
  };
}

/** §13.1.3, §13.1.4: a malformed date is ignored. Two lines of the field, joined, are malformed. */
function parseSince(value: string | null, now: Seconds): Seconds | undefined {
  return value === null ? undefined : parseHttpDate(value, now);
}

/** Evaluates preconditions in the order of §13.2.2. */
export function checkPreconditions(preconditions: Preconditions, metadata: Metadata): PreconditionResult {
  const { ifMatch, ifUnmodifiedSince, ifNoneMatch, ifModifiedSince } = preconditions;
  if (ifMatch !== undefined && !checkIfMatch(ifMatch, metadata)) return 'modified';
  if (ifUnmodifiedSince !== undefined && !checkIfUnmodifiedSince(ifUnmodifiedSince, metadata)) return 'modified';
  if (ifNoneMatch !== undefined && !checkIfNoneMatch(ifNoneMatch, metadata)) return 'unmodified';
  if (ifModifiedSince !== undefined && !checkIfModifiedSince(ifModifiedSince, metadata)) return 'unmodified';
  return 'proceed';
}

/** §13.1.1: strong comparison. */
function checkIfMatch(list: EntityTagList, { etag }: Metadata): boolean {
  return list === '*' || (etag !== undefined && list.some((tag) => strongEqual(tag, etag)));
}

/** §13.1.2: weak comparison. */
function checkIfNoneMatch(list: EntityTagList, { etag }: Metadata): boolean {
  return list !== '*' && (etag === undefined || !list.some((tag) => weakEqual(tag, etag)));
}

/** §13.1.4: ignored if the representation has no date. */
function checkIfUnmodifiedSince(since: Seconds, metadata: Metadata): boolean {
  const modified = modifiedSeconds(metadata);
  return modified === undefined || modified <= since;
}

/** §13.1.3: the same second counts as not modified. Ignored if the representation has no date. */
function checkIfModifiedSince(since: Seconds, metadata: Metadata): boolean {
  const modified = modifiedSeconds(metadata);
  return modified === undefined || modified > since;
}
