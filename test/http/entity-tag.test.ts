import { describe, expect, test } from 'vitest';
import {
  parseEntityTag,
  parseEntityTagList,
  printEntityTag,
  strongEqual,
  strongTag,
  weakEqual,
  type EntityTag,
  type EntityTagList,
} from '../../src/http/entity-tag.ts';

function strong(opaque: string): EntityTag {
  return { weak: false, opaque };
}

function weak(opaque: string): EntityTag {
  return { weak: true, opaque };
}

const MALFORMED: readonly (readonly [name: string, value: string])[] = [
  ['no quotes', 'abc'],
  ['no closing quote', '"abc'],
  ['no opening quote', 'abc"'],
  ['a lone quote', '"'],
  ['a lower-case w', 'w/"abc"'],
  ['W without a slash', 'W"abc"'],
  ['a space after W/', 'W/ "abc"'],
  ['W/ twice', 'W/W/"abc"'],
  ['W/ alone', 'W/'],
  ['W/ without quotes', 'W/abc'],
  ['a space inside', '"a b"'],
  ['a tab inside', '"a\tb"'],
  ['DEL inside', '"a\u007fb"'],
  ['a control character inside', '"a\u0001b"'],
  ['CR LF inside', '"a\r\nb"'],
  ['an escaped quote', String.raw`"a\"b"`],
  ['single quotes', "'abc'"],
  ['text after the tag', '"abc"x'],
  ['a no-break space after the tag', '"abc"\u00a0'],
];

describe('parseEntityTag', () => {
  const rows: readonly (readonly [name: string, value: string, expected: EntityTag])[] = [
    ['a strong tag', '"abc"', strong('abc')],
    ['a weak tag', 'W/"abc"', weak('abc')],
    ['an empty tag', '""', strong('')],
    ['an empty weak tag', 'W/""', weak('')],
    ['a comma', '"a,b"', strong('a,b')],
    ['a backslash, which escapes nothing', String.raw`"a\"`, strong('a\\')],
    ['an exclamation mark, the first character allowed', '"!"', strong('!')],
    ['a tilde, the last of ASCII', '"~"', strong('~')],
    ['obs-text', '"\u0080\u00e9\u00ff"', strong('\u0080\u00e9\u00ff')],
    ['obs-text as a platform that decodes UTF-8 gives it', '"\u20ac\ufffd"', strong('\u20ac\ufffd')],
    ['a star', '"*"', strong('*')],
    ['W/ inside', '"W/x"', strong('W/x')],
    ['spaces around', '  "abc" ', strong('abc')],
    ['tabs around', '\t"abc"\t', strong('abc')],
  ];
  test.each(rows)('reads %s', (_name, value, expected) => {
    expect(parseEntityTag(value)).toEqual(expected);
  });
  test.each(MALFORMED)('refuses %s', (_name, value) => {
    expect(parseEntityTag(value)).toBeUndefined();
  });
  test.each([
    ['nothing', ''],
    ['two tags', '"a", "b"'],
    ['a star', '*'],
    ['a comma after the tag', '"a",'],
    ['a comma before the tag', ',"a"'],
  ])('refuses %s', (_name, value) => {
    expect(parseEntityTag(value)).toBeUndefined();
  });
});

describe('parseEntityTagList', () => {
  const rows: readonly (readonly [name: string, value: string, expected: EntityTagList])[] = [
    ['a star', '*', '*'],
    ['a star with white space around', ' \t* ', '*'],
    ['a quoted star, which is a tag', '"*"', [strong('*')]],
    ['one tag', '"a"', [strong('a')]],
    ['a weak tag', 'W/"a"', [weak('a')]],
    ['several tags', '"a", W/"b","c"', [strong('a'), weak('b'), strong('c')]],
    ['commas inside tags', '"a,b", ",", "c,"', [strong('a,b'), strong(','), strong('c,')]],
    [
      'a comma and a space inside a tag of a list that a splitter would take for two',
      '"a",",","b"',
      [strong('a'), strong(','), strong('b')],
    ],
    ['tabs around a comma', '"a"\t,\t"b"', [strong('a'), strong('b')]],
    ['white space around the list', '\t "a" ', [strong('a')]],
    ['an empty element first', ', "a"', [strong('a')]],
    ['an empty element in the middle', '"a",,"b"', [strong('a'), strong('b')]],
    ['an empty element of white space', '"a", \t ,"b"', [strong('a'), strong('b')]],
    ['an empty element last', '"a" , ', [strong('a')]],
    ['nothing', '', []],
    ['white space', ' \t', []],
    ['commas', ' ,\t, ', []],
    ['the same tag twice', '"a", "a"', [strong('a'), strong('a')]],
    ['obs-text', '"\u00e9", "\u00ff"', [strong('\u00e9'), strong('\u00ff')]],
  ];
  test.each(rows)('reads %s', (_name, value, expected) => {
    expect(parseEntityTagList(value)).toEqual(expected);
  });
  test.each(MALFORMED)('refuses %s', (_name, value) => {
    expect(parseEntityTagList(value)).toBeUndefined();
  });
  test.each(MALFORMED)('refuses %s after a good tag', (_name, value) => {
    expect(parseEntityTagList(`"good", ${value}`)).toBeUndefined();
  });
  test.each(MALFORMED)('refuses %s before a good tag', (_name, value) => {
    expect(parseEntityTagList(`${value}, "good"`)).toBeUndefined();
  });
  test.each([
    ['a star in a list', '*, "a"'],
    ['a star after a tag', '"a", *'],
    ['two stars', '*, *'],
    ['tags without a comma', '"a" "b"'],
    ['tags without anything between', '"a""b"'],
    ['a semicolon between tags', '"a"; "b"'],
  ])('refuses %s', (_name, value) => {
    expect(parseEntityTagList(value)).toBeUndefined();
  });
});

describe('strongTag', () => {
  test('wraps the opaque tag of a storage', () => {
    expect(strongTag('d41d8cd98f00b204e9800998ecf8427e-3')).toEqual(strong('d41d8cd98f00b204e9800998ecf8427e-3'));
  });
  test.each([
    ['a quote', 'a"b'],
    ['a space', 'a b'],
    ['CR LF', 'a\r\nX-Injected: 1'],
  ])('refuses %s, which could not be printed', (_name, opaque) => {
    expect(strongTag(opaque)).toBeUndefined();
  });
});

// Storage's own tag, not a client's: Headers throws at a character that is no byte.
test('strongTag refuses a character beyond latin-1, which could not be printed', () => {
  expect(strongTag('a\u20ac')).toBeUndefined();
});

// String.prototype.trim takes U+00A0 for white space; §5.6.3 does not, and in a field it is obs-text.
test.each([
  ['before', '\u00a0*'],
  ['after', '*\u00a0'],
])('a list refuses a no-break space %s a star', (_name, value) => {
  expect(parseEntityTagList(value)).toBeUndefined();
});

describe('printEntityTag', () => {
  test('quotes a strong tag', () => {
    expect(printEntityTag(strong('a,b'))).toBe('"a,b"');
  });
  test('marks a weak tag', () => {
    expect(printEntityTag(weak('a'))).toBe('W/"a"');
  });
});

describe('comparison, the table of §8.8.3.2', () => {
  const rows: readonly (readonly [a: EntityTag, b: EntityTag, strong: boolean, weak: boolean])[] = [
    [weak('1'), weak('1'), false, true],
    [weak('1'), weak('2'), false, false],
    [weak('1'), strong('1'), false, true],
    [strong('1'), weak('1'), false, true],
    [strong('1'), strong('1'), true, true],
    [strong('a'), strong('A'), false, false],
    [strong(''), strong(''), true, true],
  ];
  test.each(rows)('%o and %o', (a, b, strongly, weakly) => {
    expect([strongEqual(a, b), weakEqual(a, b)]).toEqual([strongly, weakly]);
  });
});
