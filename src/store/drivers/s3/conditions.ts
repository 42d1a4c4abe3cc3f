import { printEntityTag, printHttpDate, printRange, type EntityTagList } from '../../../http/index.ts';
import type { ReadOptions } from '../../object-store.ts';
import type { ConditionalField } from './reads.ts';

/**
 * Makes the fields of a GET from a range and conditions. Conditions that S3 does not support are left out: the store
 * evaluates them from the metadata of the response.
 *
 * S3 takes one entity tag in a field and compares strongly. So a weak tag in If-None-Match is sent without its `W/`,
 * which the weak comparison of §13.1.2 ignores too.
 */
export function toFields({ range, conditions = {} }: ReadOptions): { [Name in ConditionalField]?: string } {
  const { ifMatch, ifUnmodifiedSince, ifNoneMatch, ifModifiedSince } = conditions;
  const fields: { [Name in ConditionalField]?: string } = {};
  const match = singleTag(ifMatch, 'strong');
  const noneMatch = singleTag(ifNoneMatch, 'weak');
  if (range !== undefined) fields.range = printRange([range]);
  if (match !== undefined) fields['if-match'] = match;
  if (noneMatch !== undefined) fields['if-none-match'] = noneMatch;
  if (ifModifiedSince !== undefined) fields['if-modified-since'] = printHttpDate(ifModifiedSince);
  if (ifUnmodifiedSince !== undefined) fields['if-unmodified-since'] = printHttpDate(ifUnmodifiedSince);
  return fields;
}

/** Prints a list of exactly one tag. Ceph would read a longer list as one tag, which no object has. */
function singleTag(list: EntityTagList | undefined, comparison: 'strong' | 'weak'): string | undefined {
  if (list === undefined || list === '*') return undefined;
  const [tag, ...others] = list;
  if (tag === undefined || others.length > 0 || !/^[\x21-\x7e]*$/.test(tag.opaque)) return undefined;
  return tag.weak && comparison === 'strong' ? undefined : printEntityTag({ ...tag, weak: false });
}

/**
 * Returns whether a read begins with a HEAD, because S3 does not support a condition that probably fails: If-None-Match
 * with `*` or several tags, by which a client revalidates its versions, and If-Match without a strong tag, which is
 * always false (§13.1.1). A GET would transfer up to a megabyte of the body before it is cancelled.
 */
export function wantsMetadataFirst({ conditions = {} }: ReadOptions): boolean {
  const { ifMatch, ifNoneMatch } = conditions;
  if (ifNoneMatch === '*' || (ifNoneMatch !== undefined && ifNoneMatch.length > 1)) return true;
  return ifMatch !== undefined && ifMatch !== '*' && ifMatch.every(({ weak }) => weak);
}
