// Our own parser, because the library for structured fields (structured-headers 2.1) adds 2.1 KiB of gzip to the Worker,
// a twentieth of it; this one adds less than 1.1, with everything else about digest fields.
//
// RFC 9651, the part that Want-Repr-Digest needs: dictionaries whose members are integers. Members of other types are
// parsed, so that a malformed field is recognized, and their values are dropped.

const KEY = '[a-z*][a-z\\d_.*-]*';
const BARE_ITEM = [
  '-?\\d{1,12}\\.\\d{1,3}',
  '-?\\d{1,15}(?!\\.)',
  '"(?:[ !#-[\\]-~]|\\\\["\\\\])*"',
  "[A-Za-z*][\\w!#$%&'*+.^`|~:/-]*",
  ':[\\w+/=]*:',
  '\\?[01]',
  '@-?\\d{1,15}',
  '%"(?:[ !#$&-~]|%[\\da-f]{2})*"',
].join('|');
const PARAMETERS = `(?:; *${KEY}(?:=(?:${BARE_ITEM}))?)*`;
const ITEM = `(?:${BARE_ITEM})${PARAMETERS}`;
const INNER_LIST = `\\( *(?:${ITEM}(?: +${ITEM})*)? *\\)${PARAMETERS}`;

const MEMBER = new RegExp(
  `(${KEY})(?:=(?:(-?\\d{1,15})(?![\\d.])${PARAMETERS}|${ITEM}|${INNER_LIST})|${PARAMETERS})`,
  'y',
);
const SEPARATOR = /[ \t]*,[ \t]*/y;

/** Longest field in characters. A list of all registered algorithms has 200. */
const MAX_LENGTH = 1_024;

/**
 * Parses a dictionary of structured fields (RFC 9651 §4.2.2).
 *
 * @returns the members by their keys, those that are no integers as `undefined`; `undefined` if the field is malformed
 *   or too long, and so has to be ignored as a whole
 */
export function parseIntegerDictionary(field: string): ReadonlyMap<string, number | undefined> | undefined {
  if (field.length > MAX_LENGTH) return undefined;
  const text = field.replace(/^ +| +$/g, '');
  const members = new Map<string, number | undefined>();
  if (text === '') return members;
  let position = 0;
  for (;;) {
    MEMBER.lastIndex = position;
    const match = MEMBER.exec(text);
    if (match === null) return undefined;
    const [, key = '', integer] = match;
    // The last of several members with one key counts.
    members.set(key, integer === undefined ? undefined : Number(integer));
    if (MEMBER.lastIndex === text.length) return members;
    SEPARATOR.lastIndex = MEMBER.lastIndex;
    if (!SEPARATOR.test(text)) return undefined;
    position = SEPARATOR.lastIndex;
  }
}
