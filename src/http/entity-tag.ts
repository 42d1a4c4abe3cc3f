/** An entity tag (§8.8.3). `opaque` is the text between the quotes. */
export interface EntityTag {
  readonly weak: boolean;
  readonly opaque: string;
}

/** `*`, or the tags of an If-Match or If-None-Match field (§13.1.1, §13.1.2). */
export type EntityTagList = '*' | readonly EntityTag[];

// §8.8.3: etagc is any visible character except the quote. So a comma is legal inside, and a backslash escapes nothing.
// Characters above 255 occur on platforms that decode fields as UTF-8 (workerd).
const TAG = /(W\/)?"([\x21\x23-\x7e\x80-\uffff]*)"/y;
const ONE_TAG = /^[ \t]*(W\/)?"([\x21\x23-\x7e\x80-\uffff]*)"[ \t]*$/;
// A storage's tag is sent unchanged, and only ASCII is sent as the same bytes on every platform. No known storage has
// tags of more than 1,024 characters; a longer one would enlarge every head.
const PRINTABLE = /^[\x21\x23-\x7e]{0,1024}$/;
const ANY = /^[ \t]*\*[ \t]*$/;
const OWS_AND_COMMAS = /[ \t,]*/y;
const END_OF_ELEMENT = /[ \t]*(?:,|$)/y;

/**
 * Makes a strong tag out of its text without quotes, the form that some storage APIs return.
 *
 * @returns `undefined` if the tag can't be printed (see {@link isPrintableTag})
 */
export function strongTag(opaque: string): EntityTag | undefined {
  return PRINTABLE.test(opaque) ? { weak: false, opaque } : undefined;
}

/** Whether a tag can be sent as the same bytes on every platform: ASCII, at most 1,024 characters. */
export function isPrintableTag({ opaque }: EntityTag): boolean {
  return PRINTABLE.test(opaque);
}

/**
 * Parses the ETag field of a storage's response.
 *
 * @returns `undefined` if the value is malformed or can't be printed (see {@link isPrintableTag})
 */
export function parseStoredTag(value: string): EntityTag | undefined {
  const tag = parseEntityTag(value);
  return tag !== undefined && isPrintableTag(tag) ? tag : undefined;
}

/**
 * Parses a field value that is one entity tag, such as that of If-Range or ETag.
 *
 * @returns `undefined` if the value is anything else
 */
export function parseEntityTag(value: string): EntityTag | undefined {
  const match = ONE_TAG.exec(value);
  return match === null ? undefined : { weak: match[1] !== undefined, opaque: match[2] ?? '' };
}

/**
 * Parses If-Match or If-None-Match. Several lines of the field are one list (§5.3), and empty elements are accepted
 * (§5.6.1.2).
 *
 * @returns `undefined` if the value is malformed; a valid list may be empty (`If-None-Match: ,`)
 */
export function parseEntityTagList(value: string): EntityTagList | undefined {
  return ANY.test(value) ? '*' : parseTags(value);
}

function parseTags(value: string): readonly EntityTag[] | undefined {
  const tags: EntityTag[] = [];
  let position = skip(OWS_AND_COMMAS, value, 0);
  while (position < value.length) {
    TAG.lastIndex = position;
    const match = TAG.exec(value);
    if (match === null) return undefined;
    tags.push({ weak: match[1] !== undefined, opaque: match[2] ?? '' });
    END_OF_ELEMENT.lastIndex = TAG.lastIndex;
    if (!END_OF_ELEMENT.test(value)) return undefined;
    position = skip(OWS_AND_COMMAS, value, TAG.lastIndex);
  }
  return tags;
}

function skip(pattern: RegExp, value: string, from: number): number {
  pattern.lastIndex = from;
  pattern.test(value);
  return pattern.lastIndex;
}

/** Prints a tag as a field value. */
export function printEntityTag(tag: EntityTag): string {
  return `${tag.weak ? 'W/' : ''}"${tag.opaque}"`;
}

/**
 * Strong comparison (§8.8.3.2): both tags are strong and equal. Bytes may be combined only if this comparison is true.
 */
export function strongEqual(a: EntityTag, b: EntityTag): boolean {
  return !a.weak && !b.weak && a.opaque === b.opaque;
}

/** Weak comparison (§8.8.3.2): the tags are equal, whether strong or weak. */
export function weakEqual(a: EntityTag, b: EntityTag): boolean {
  return a.opaque === b.opaque;
}
