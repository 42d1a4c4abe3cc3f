import type { Case, Expect, HeaderLine } from '../case.ts';
import { digits, notModified, preconditionFailed, whole } from '../expected.ts';

const all = whole('digits.txt');

const ifMatch = (name: string, value: string, expect: Expect): Case =>
  digits(`If-Match: ${name}`, '§13.1.1', [['If-Match', value]], expect);

const ifNoneMatch = (name: string, value: string, expect: Expect): Case =>
  digits(`If-None-Match: ${name}`, '§13.1.2', [['If-None-Match', value]], expect);

/** A value whose list holds the current tag as a strong tag: both fields find it. */
const listed = (name: string, value: string): readonly Case[] => [
  ifMatch(name, value, all),
  ifNoneMatch(name, value, notModified),
];

/**
 * A value that does not hold the current tag, or is no list of tags at all: what can't be read
 * can't match, so If-Match fails safe and If-None-Match sends the object.
 */
const unlisted = (name: string, value: string): readonly Case[] => [
  ifMatch(name, value, preconditionFailed),
  ifNoneMatch(name, value, all),
];

const several = (name: string, field: string, values: readonly string[], expect: Expect): Case => {
  const headers = values.map((value): HeaderLine => [field, value]);
  return digits(`${field}: ${name}`, '§5.3', headers, expect);
};

export const preconditionCases: readonly Case[] = [
  ...listed('the current tag', '{etag}'),
  ...listed('the current tag with white space around it', ' \t{etag}\t '),
  ...listed('an asterisk for any current object', '*'),
  ...listed('the current tag first of two', '{etag}, "other"'),
  ...listed('the current tag last of two', '"other", {etag}'),
  ...listed('the current tag among several', '"a", "b", {etag}, "c"'),
  ...listed('no white space in the list', '"a",{etag},"b"'),
  ...listed('tabs in the list', '"a"\t,\t{etag}'),
  ...listed('empty elements in the list', ', "a",, {etag} , ,'),
  ...listed('a comma inside another tag', '"a,b", {etag}'),
  ...listed('commas alone inside another tag', '",,", {etag}'),
  ...listed('a backslash at the end of another tag escapes nothing', '"a\\", {etag}'),
  ...listed('the empty tag and the current one', '"", {etag}'),
  ...listed('bytes above 127 in another tag', '"\xc3\xa9\xff", {etag}'),
  ...listed('a weak tag of another version and the current tag', 'W/"other", {etag}'),
  ...listed('the current tag weak, then strong', '{weak-etag}, {etag}'),
  ...listed('the current tag twice', '{etag}, {etag}'),

  ...unlisted('another tag', '"other"'),
  ...unlisted('two other tags', '"a", "b"'),
  ...unlisted('another weak tag', 'W/"other"'),
  ...unlisted('the empty tag', '""'),
  ...unlisted('an asterisk as a tag', '"*"'),
  ...unlisted('a longer tag that begins with the current one', '"{opaque}x"'),
  ...unlisted('a longer tag that ends with the current one', '"x{opaque}"'),
  ...unlisted('the current tag between commas inside another', '"a,{opaque},b"'),
  ...unlisted('the current tag without quotes', '{opaque}'),
  ...unlisted('the current tag without its last quote', '"{opaque}'),
  ...unlisted('the current tag without its first quote', '{opaque}"'),
  ...unlisted('the current tag in single quotes', "'{opaque}'"),
  ...unlisted('the current tag with a lower-case w/', 'w/{etag}'),
  ...unlisted('a space inside the weak prefix', 'W/ {etag}'),
  ...unlisted('the current tag after an unterminated one', '"x, {etag}'),
  ...unlisted('the current tag and junk', '{etag}x'),
  ...unlisted('tags with no comma between', '"other" {etag}'),
  ...unlisted('a semicolon for the comma', '"other"; {etag}'),
  ...unlisted('a good tag before a malformed one', '{etag}, other'),
  ...unlisted('a word', 'other'),
  ...unlisted('an empty field', ''),
  ...unlisted('commas alone', ',,'),

  ifMatch('the current tag made weak never matches', '{weak-etag}', preconditionFailed),
  ifNoneMatch('the current tag made weak matches', '{weak-etag}', notModified),
  ifMatch('only weak tags never match', 'W/"a", {weak-etag}', preconditionFailed),
  ifNoneMatch('the current tag made weak in a list', 'W/"a", {weak-etag}', notModified),

  several('two lines, the current tag on the first', 'If-Match', ['{etag}', '"other"'], all),
  several('two lines, the current tag on the second', 'If-Match', ['"other"', '{etag}'], all),
  several('two lines of other tags', 'If-Match', ['"a"', '"b"'], preconditionFailed),
  several('two lines, one of them empty', 'If-Match', ['', '{etag}'], all),
  several('a line, the tag first', 'If-None-Match', ['{etag}', '"other"'], notModified),
  several('a line, the tag second', 'If-None-Match', ['"other"', '{etag}'], notModified),
  several('two lines of other tags', 'If-None-Match', ['"a"', '"b"'], all),
  several('three lines with lists', 'If-None-Match', ['"a", "b"', '', '"c", {etag}'], notModified),

  digits('a 304 has the caching fields and no others of the 200', '§15.4.5', [['If-None-Match', '{etag}']], {
    status: 304,
    headers: {
      'content-disposition': null,
      'content-length': null,
      'content-type': null,
      etag: '{etag}',
      'last-modified': null,
    },
    body: { type: 'empty' },
  }),
  digits('an asterisk in If-None-Match on a 304 names the tag', '§15.4.5', [['If-None-Match', '*']], {
    status: 304,
    headers: { etag: '{etag}' },
    body: { type: 'empty' },
  }),
];
