import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseEntityTag, parseEntityTagList, printEntityTag, type EntityTag } from '../../src/http/entity-tag.ts';
import { holds } from '../property-runs.ts';

const etagc = fc.oneof(
  fc.constantFrom(',', '!', '#', '~', '*', '\\', 'W', '/'),
  fc.integer({ min: 0x23, max: 0x7e }).map((code) => String.fromCharCode(code)),
  fc.integer({ min: 0x80, max: 0xff }).map((code) => String.fromCharCode(code)),
);
const tag: fc.Arbitrary<EntityTag> = fc.record({
  weak: fc.boolean(),
  opaque: fc.array(etagc, { maxLength: 8 }).map((chars) => chars.join('')),
});
const between = fc
  .tuple(
    fc.constantFrom('', ' ', '\t'),
    fc.array(fc.constantFrom(',', ', ', ',\t', ' ,'), { minLength: 1, maxLength: 3 }),
  )
  .map(([space, commas]) => space + commas.join(''));

describe('an entity tag', () => {
  test('is parsed as it was printed', () => {
    holds(
      fc.property(tag, (one) => {
        expect(parseEntityTag(printEntityTag(one))).toEqual(one);
      }),
    );
  });
  test('is the only valid value of a field with one tag', () => {
    holds(
      fc.property(fc.array(fc.oneof(etagc, fc.constantFrom('"', 'W/"', ' ')), { maxLength: 8 }), (chars) => {
        const value = chars.join('');
        const read = parseEntityTag(value);
        expect(read === undefined || printEntityTag(read) === value.trim()).toBe(true);
      }),
    );
  });
});

describe('a list of entity tags', () => {
  test('is parsed as it was printed, with any separators', () => {
    holds(
      fc.property(fc.array(fc.tuple(tag, between), { maxLength: 6 }), fc.boolean(), (tags, comma) => {
        const text = tags.map(([one, separator]) => printEntityTag(one) + separator).join('');
        expect(parseEntityTagList(`${comma ? ' ,' : '\t'}${text}`)).toEqual(tags.map(([one]) => one));
      }),
    );
  });
  test('is malformed without a comma between two tags', () => {
    holds(
      fc.property(tag, tag, fc.constantFrom('', ' ', '\t', '; '), (a, b, separator) => {
        expect(parseEntityTagList(printEntityTag(a) + separator + printEntityTag(b))).toBeUndefined();
      }),
    );
  });
});
