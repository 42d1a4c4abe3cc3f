/** An entity tag (§8.8.3). `opaque` is what stands between the quotes. */
export interface EntityTag {
  readonly weak: boolean;
  readonly opaque: string;
}

/** `*`, or the tags of an If-Match or If-None-Match field (§13.1.1, §13.1.2). */
export type EntityTagList = '*' | readonly EntityTag[];

// §8.8.3: etagc is any visible character but the quote, so a comma is legal inside; no backslash escapes. Bytes above
// 127 come as other characters on platforms that read fields as UTF-8 (workerd).
const TAG = /(W\/)?"([\x21\x23-\x7e\x80-\uffff]*)"/y;
const ONE_TAG = /^[ \t]*(W\/)?"([\x21\x23-\x7e\x80-\uffff]*)"[ \t]*$/;
// A storage's tag is printed as it is, so it has to be the same bytes on every platform: ASCII. Longer ones than any
// storage has are not worth their place in each head.
const PRINTABLE = /^[\x21\x23-\x7e]{0,1024}$/;
const ANY = /^[ \t]*\*[ \t]*$/;
const OWS_AND_COMMAS = /[ \t,]*/y;
const END_OF_ELEMENT = /[ \t]*(?:,|$)/y;

/** A strong tag from the quote-less form that storages keep; `undefined` where it could not be printed as one. */
export function strongTag(opaque: string): EntityTag | undefined {
  return PRINTABLE.test(opaque) ? { weak: false, opaque } : undefined;
}

/** Whether a tag can be printed as a field's value, the same on every platform. */
export function isPrintableTag({ opaque }: EntityTag): boolean {
  return PRINTABLE.test(opaque);
}

/** Reads the ETag field of a storage's answer; `undefined` for what is no tag, or could not be printed as one. */
export function parseStoredTag(value: string): EntityTag | undefined {
  const tag = parseEntityTag(value);
  return tag !== undefined && isPrintableTag(tag) ? tag : undefined;
}

/** Reads a field that holds exactly one tag, such as If-Range's or ETag's; `undefined` where it does not. */
export function parseEntityTag(value: string): EntityTag | undefined {
  const match = ONE_TAG.exec(value);
  return match === null ? undefined : { weak: match[1] !== undefined, opaque: match[2] ?? '' };
}

/**
 * Reads an If-Match or If-None-Match field. Several lines of the field are one list (§5.3), empty elements are
 * accepted (§5.6.1.2).
 *
 * @returns `undefined` where the value is malformed; a list may be empty (`If-None-Match: ,`).
 */
export function parseEntityTagList(value: string): EntityTagList | undefined {
  return ANY.test(value) ? '*' : parseTags(value);
}

function parseTags(value: string): readonly EntityTag[] | undefined {
  const tags: EntityTag[] = [];
  let at = skip(OWS_AND_COMMAS, value, 0);
  while (at < value.length) {
    TAG.lastIndex = at;
    const match = TAG.exec(value);
    if (match === null) return undefined;
    tags.push({ weak: match[1] !== undefined, opaque: match[2] ?? '' });
    END_OF_ELEMENT.lastIndex = TAG.lastIndex;
    if (!END_OF_ELEMENT.test(value)) return undefined;
    at = skip(OWS_AND_COMMAS, value, TAG.lastIndex);
  }
  return tags;
}

function skip(pattern: RegExp, value: string, from: number): number {
  pattern.lastIndex = from;
  pattern.test(value);
  return pattern.lastIndex;
}

/** Prints a tag as a field's value. */
export function printEntityTag(tag: EntityTag): string {
  return `${tag.weak ? 'W/' : ''}"${tag.opaque}"`;
}

/** §8.8.3.2: both strong and equal to the character. The only comparison under which bytes may be combined. */
export function strongEqual(a: EntityTag, b: EntityTag): boolean {
  return !a.weak && !b.weak && a.opaque === b.opaque;
}

/** §8.8.3.2: equal whatever their strength. */
export function weakEqual(a: EntityTag, b: EntityTag): boolean {
  return a.opaque === b.opaque;
}
