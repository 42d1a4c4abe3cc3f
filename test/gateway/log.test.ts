import { expect, test } from 'vitest';
import { describeError, printLogEntry, type LogEntry } from '../../src/gateway/log.ts';

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

test('an entry is one line of JSON that reads back', () => {
  const key = 'line\nbreak\r\u0000\u001b[31m\u009b31m\u2028\u202e\u007f"\\';
  const line = printLogEntry({ ...entry, key });
  expect(line).toMatch(/^[\x20-\x7e]*$/);
  expect(JSON.parse(line)).toEqual({ ...entry, key });
});

test('an error is told with its causes, and without a stack', () => {
  const error = new Error('outer', { cause: new TypeError('inner', { cause: 'no error' }) });
  expect(describeError(error)).toBe('Error: outer; caused by TypeError: inner');
  expect(describeError({ odd: true })).toBe('thrown: {"odd":true}');
});

test('a circle of causes ends', () => {
  const error = new Error('around');
  error.cause = error;
  expect(describeError(error).split(';').length).toBe(8);
});
