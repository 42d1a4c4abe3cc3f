import { describe, expect, test } from 'vitest';
import { rawFields } from '../../../src/platform/node/raw-fields.ts';

const fields = rawFields([
  'Host',
  'x',
  'if-range',
  '"a"',
  'X-One',
  'a',
  'RANGE',
  'bytes=0-1',
  'x-one',
  'b',
  'Empty',
  '',
]);

describe('rawFields', () => {
  test.for([
    ['Host', 'x'],
    ['host', 'x'],
    ['If-Range', '"a"'],
    ['Range', 'bytes=0-1'],
    ['X-One', 'a, b'],
    ['Empty', ''],
    ['Hosts', null],
    ['Hos', null],
    ['', null],
  ] as const)('%s: %j, as web Headers have it', ([name, value]) => {
    expect(fields.get(name)).toBe(value);
    expect(fields.has(name)).toBe(value !== null);
    if (name !== '') expect(new Headers([...fields]).get(name)).toBe(value);
  });

  test('two lines of a date field are joined and so invalid, although Node’s headers have only the first', () => {
    const date = 'Sun, 06 Nov 1994 08:49:37 GMT';
    expect(rawFields(['If-Modified-Since', date, 'If-Modified-Since', date]).get('If-Modified-Since')).toBe(
      `${date}, ${date}`,
    );
  });

  test('lines keep their order and their text', () => {
    expect([...rawFields(['B', '1', 'a', '2', 'b', '3'])]).toEqual([
      ['B', '1'],
      ['a', '2'],
      ['b', '3'],
    ]);
  });
});
