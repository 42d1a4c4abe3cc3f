import { expect, test } from 'vitest';
import { describeError, printLogEntry, type LogEntry } from '../../src/observe/log.ts';

const entry: LogEntry = {
  time: '2026-01-01T00:00:00.000Z',
  requestId: 'id',
  method: 'GET',
  key: 'key',
  status: 200,
  range: null,
  bytesSent: 1,
  storageReads: 1,
  continued: 0,
  bytesRead: 1,
  durationMs: 1,
  outcome: 'complete',
};

test('an entry is one line of JSON, and parses to the same entry', () => {
  const key = 'line\nbreak\r\u0000\u001b[31m\u009b31m\u2028\u202e\u007f"\\';
  const line = printLogEntry({ ...entry, key });
  expect(line).toMatch(/^[\x20-\x7e]*$/);
  expect(JSON.parse(line)).toEqual({ ...entry, key });
});

test.for<readonly [string, string]>([
  ['\u061c', 'an Arabic letter mark'],
  ['\u200b\u200c\u200d\u200e\u200f', 'zero width'],
  ['\u2060\u2061\u2062\u2063\u2064\u206a\u206f', 'word joiners and deprecated format characters'],
  ['\u202a\u202e\u2066\u2069', 'bidirectional'],
  ['\ufeff', 'a byte order mark'],
  ['\u00ad\u034f\u115f\u1160\u17b4\u180e\u3164\uffa0', 'drawn as nothing'],
  ['\ufff9\ufffa\ufffb', 'annotations'],
  ['\ufe0f\u{e0100}', 'variation selectors'],
  ['\u{e0001}\u{e0041}\u{e007f}', 'tags'],
  ['\u{1d173}\u{1bca0}', 'format characters beyond U+FFFF'],
  ['\ud800x\udc00', 'lone surrogates'],
])('an invisible character is escaped, and parses to the same: %j, %s', ([key]) => {
  const line = printLogEntry({ ...entry, key });
  expect(line).toMatch(/^[\x20-\x7e]*$/);
  expect(JSON.parse(line)).toEqual({ ...entry, key });
});

test('letters of all scripts are not escaped', () => {
  const key = 'Käse-日本語-עברית-😀-e\u0301';
  expect(printLogEntry({ ...entry, key })).toContain(key);
});

test('an error is logged with its causes, without a stack', () => {
  const error = new Error('outer', { cause: new TypeError('inner', { cause: 'no error' }) });
  expect(describeError(error)).toBe('Error: outer; caused by TypeError: inner');
  expect(describeError({ odd: true })).toBe('thrown: {"odd":true}');
});

test('a cycle of causes ends', () => {
  const error = new Error('around');
  error.cause = error;
  expect(describeError(error).split(';').length).toBe(8);
});
