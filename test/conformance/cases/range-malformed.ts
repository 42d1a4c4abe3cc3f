import type { Case } from '../case.ts';
import { digits, whole } from '../expected.ts';

/**
 * A Range that does not follow the grammar of §14.1.1 or §14.1.2, or whose unit is unknown. Never
 * 416 and never a guess at what was meant: the field is ignored.
 */
const ignored = (name: string, range: string, rule = '§14.1.1'): Case =>
  digits(`ignored: ${name}`, rule, [['Range', range]], whole('digits.txt'));

export const malformedRangeCases: readonly Case[] = [
  ignored('a reversed range', 'bytes=5-2'),
  ignored('a range reversed by one', 'bytes=3-2'),
  ignored('a range reversed past the end', 'bytes=200-100'),
  ignored('a range reversed by one above 2^53', 'bytes=9007199254740993-9007199254740992'),
  ignored('a range reversed only as numbers, not as text', 'bytes=10-9'),
  ignored('a reversed range of many digits', `bytes=${'9'.repeat(30)}-5`),
  ignored('a reversed range with leading zeros', 'bytes=5-0002'),
  ignored('an equals sign and no set', 'bytes='),
  ignored('the unit alone', 'bytes'),
  ignored('no unit', '0-4'),
  ignored('an empty unit', '=0-4'),
  ignored('a colon for the equals sign', 'bytes:0-4'),
  ignored('a space for the equals sign', 'bytes 0-4'),
  ignored('the form of Content-Range', 'bytes 0-4/10'),
  ignored('a complete length after the range', 'bytes=0-4/10'),
  ignored('two equals signs', 'bytes==0-4'),
  ignored('the unit twice', 'bytes=bytes=0-4'),
  ignored('white space before the equals sign', 'bytes =0-4'),
  ignored('white space before the hyphen', 'bytes=0 -4'),
  ignored('white space after the hyphen', 'bytes=0- 4'),
  ignored('white space between the digits of a number', 'bytes=1 0-14'),
  ignored('a hyphen alone', 'bytes=-'),
  ignored('two hyphens before a suffix', 'bytes=--4'),
  ignored('two hyphens in a range', 'bytes=0--4'),
  ignored('three positions', 'bytes=0-4-6'),
  ignored('a number without a hyphen', 'bytes=4'),
  ignored('a first position with a plus sign', 'bytes=+0-4'),
  ignored('a last position with a plus sign', 'bytes=0-+4'),
  ignored('a suffix with a plus sign', 'bytes=-+4'),
  ignored('a hexadecimal number', 'bytes=0x1-0x4'),
  ignored('a number with an exponent', 'bytes=0-1e1'),
  ignored('a number with a fraction', 'bytes=0-4.0'),
  ignored('a number with a separator', 'bytes=0-1_0'),
  ignored('letters', 'bytes=a-b'),
  ignored('a letter after a number', 'bytes=0-4k'),
  ignored('a word for a number', 'bytes=0-Infinity'),
  ignored('an asterisk', 'bytes=*'),
  ignored('an asterisk for the last position', 'bytes=0-*'),
  ignored('a quoted range', 'bytes="0-4"'),
  ignored('a parameter after the range', 'bytes=0-4;q=1'),
  ignored('a semicolon between ranges', 'bytes=0-1;5-6'),
  ignored('a space between ranges', 'bytes=0-1 5-6'),
  ignored('a full stop after the range', 'bytes=0-4.'),
  ignored('digits that are not ASCII', 'bytes=\xef\xbc\x90-\xef\xbc\x94'),
  ignored('a minus sign that is not ASCII', 'bytes=0\xe2\x88\x924'),
  ignored('a no-break space after the range', 'bytes=0-4\xa0'),

  ignored('a set of commas alone', 'bytes=,'),
  ignored('a good range and a bad one', 'bytes=0-1,x'),
  ignored('a bad range and a good one', 'bytes=x,0-1'),
  ignored('a good range and a reversed one', 'bytes=0-1,6-5'),
  ignored('a range past the end and a malformed one', 'bytes=100-200,x'),
  ignored('a range past the end and a reversed one', 'bytes=100-200,6-5'),
  ignored('a set with the unit again', 'bytes=0-1,bytes=5-6'),

  ignored('an unknown unit', 'items=0-4', '§14.2'),
  ignored('an unknown unit whose range would not be satisfiable', 'items=100-', '§14.2'),
  ignored('a unit that begins with bytes', 'bytess=0-4', '§14.2'),
  ignored('a unit that ends with bytes', 'kbytes=0-4', '§14.2'),
  ignored('a unit named none', 'none=0-4', '§14.2'),
  ignored('an unknown unit with a set of another form', 'seconds=1.5-2.5', '§14.2'),
];
