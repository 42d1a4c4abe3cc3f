import { printEntityTag, printHttpDate, printRange, type EntityTagList } from '../../../http/index.ts';
import type { ReadOptions } from '../../object-store.ts';
import type { ConditionalField } from './reads.ts';

/**
 * The fields of a GET. Conditions that S3's fields can't say are left out, and evaluated on what comes back.
 *
 * S3 takes one tag in a field, and compares strongly. In If-None-Match a weak tag is therefore sent without its mark:
 * the comparison of §13.1.2 ignores it too.
 */
export function toFields({ range, conditions = {} }: ReadOptions): { [Name in ConditionalField]?: string } {
  const { ifMatch, ifUnmodifiedSince, ifNoneMatch, ifModifiedSince } = conditions;
  const fields: { [Name in ConditionalField]?: string } = {};
  const match = onlyTag(ifMatch, 'strong');
  const noneMatch = onlyTag(ifNoneMatch, 'weak');
  if (range !== undefined) fields.range = printRange([range]);
  if (match !== undefined) fields['if-match'] = match;
  if (noneMatch !== undefined) fields['if-none-match'] = noneMatch;
  if (ifModifiedSince !== undefined) fields['if-modified-since'] = printHttpDate(ifModifiedSince);
  if (ifUnmodifiedSince !== undefined) fields['if-unmodified-since'] = printHttpDate(ifUnmodifiedSince);
  return fields;
}

/** Ceph takes a list for a tag that no object has. */
function onlyTag(list: EntityTagList | undefined, comparison: 'strong' | 'weak'): string | undefined {
  if (list === undefined || list === '*') return undefined;
  const [tag, ...others] = list;
  if (tag === undefined || others.length > 0 || !/^[\x21-\x7e]*$/.test(tag.opaque)) return undefined;
  return tag.weak && comparison === 'strong' ? undefined : printEntityTag({ ...tag, weak: false });
}

/**
 * Whether the metadata are asked for first, because S3's fields can't say a condition that probably holds the body
 * back: If-None-Match with `*` or several tags, which revalidates what a client has, and an If-Match without a strong
 * tag, which never holds (§13.1.1). A GET would move up to a megabyte of a body before it is cancelled.
 */
export function wantsMetadataFirst({ conditions = {} }: ReadOptions): boolean {
  const { ifMatch, ifNoneMatch } = conditions;
  if (ifNoneMatch === '*' || (ifNoneMatch !== undefined && ifNoneMatch.length > 1)) return true;
  return ifMatch !== undefined && ifMatch !== '*' && ifMatch.every(({ weak }) => weak);
}
