import { afterEach, describe, expect, test, vi } from 'vitest';
import { consoleLines, parseLogFormat, prettyLines } from '../../src/cli/log-format.ts';
import { printLogEntry, type LogEntry } from '../../src/observe/log.ts';

const entry: LogEntry = {
  time: '2026-01-01T00:00:00.000Z',
  requestId: 'id',
  method: 'GET',
  mount: '/files',
  key: 'a/b.bin',
  status: 206,
  range: 'bytes=0-9',
  bytesSent: 10,
  storageReads: 1,
  continued: 0,
  bytesRead: 10,
  durationMs: 12,
  client: '203.0.113.7',
  outcome: 'complete',
};

afterEach(() => vi.unstubAllEnvs());

describe('prettyLines', () => {
  test('shows status, duration, bytes, path, range and client', () => {
    expect(prettyLines(false)(entry)).toMatch(
      /^\d\d:\d\d:\d\d 206 {4}12 ms 10 bytes GET \/files\/a\/b\.bin \[bytes=0-9\] 203\.0\.113\.7$/,
    );
  });

  test('shows the outcome and the error of a failure', () => {
    const line = prettyLines(false)({ ...entry, bytesSent: null, outcome: 'failed', error: 'Error: gone' });
    expect(line).toMatch(/ \? GET .* failed \(Error: gone\)$/);
  });

  test('colours the status on a terminal, and not with NO_COLOR', () => {
    vi.stubEnv('NO_COLOR', '');
    expect(prettyLines(true)(entry)).toContain('\u001b[32m206\u001b[0m');
    expect(prettyLines(true)({ ...entry, status: 503 })).toContain('\u001b[31m503\u001b[0m');
    vi.stubEnv('NO_COLOR', '1');
    expect(prettyLines(true)(entry)).not.toContain('\u001b');
  });

  test.each(['method', 'mount', 'key', 'range', 'client', 'error'] as const)(
    'breaks no line and controls no terminal with %s',
    (field) => {
      const line = prettyLines(false)({ ...entry, [field]: 'a\nb\r\u001b[2J\u009b2J\u202e\u2028\u0007' });
      expect(line).toMatch(/^[\x20-\x7e]*$/);
      expect(line).toContain('a\\u000ab\\u000d\\u001b[2J\\u009b2J\\u202e\\u2028\\u0007');
    },
  );
});

describe('the console of a Worker', () => {
  const shown = (format: 'json' | 'pretty' | 'off', line: string) => {
    const lines: string[] = [];
    consoleLines(format, (one) => lines.push(one))(line);
    return lines;
  };
  const json = printLogEntry(entry);
  test('prints entries in the format', () => {
    expect(shown('json', json)).toEqual([json]);
    expect(shown('pretty', json)).toEqual([prettyLines(false)(entry)]);
    expect(shown('off', json)).toEqual([]);
  });

  test.each([
    'hello',
    '{"time":1}',
    '{"time":',
    '{"time":"","requestId":"","durationMs":1}',
    json.replace('206', '"2"'),
  ])('passes on any other line: %s', (line) => {
    expect(shown('off', line)).toEqual([line]);
    expect(shown('pretty', line)).toEqual([line]);
  });
});

test('the default is pretty on a terminal, else JSON', () => {
  expect(parseLogFormat(undefined, true)).toBe('pretty');
  expect(parseLogFormat(undefined, false)).toBe('json');
  expect(parseLogFormat('json', true)).toBe('json');
  expect(() => parseLogFormat('xml', true)).toThrow('--log takes json, pretty or off, not "xml"');
});
