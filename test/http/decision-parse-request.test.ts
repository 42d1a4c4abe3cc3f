import { describe, expect, test } from 'vitest';
import { parseRequest, type RangePolicy } from '../../src/http/decision.ts';

const NOW = Date.UTC(2026, 6, 1) / 1000;

const POLICY: RangePolicy = {
  maxFieldLength: 1000,
  maxRanges: 10,
  maxReads: 3,
  nearGap: 10,
  maxGapBytes: 100,
  headRange: false,
};

describe('parseRequest', () => {
  const headers = new Headers({ Range: 'bytes=0-1', 'If-Range': '"v1"', 'If-Match': '*' });
  test('reads each field of a GET', () => {
    expect(parseRequest('GET', headers, POLICY, NOW)).toEqual({
      method: 'GET',
      preconditions: { ifMatch: '*' },
      range: [{ form: 'bounded', start: 0, end: 2 }],
      ifRange: { type: 'tag', tag: { weak: false, opaque: 'v1' } },
      now: NOW,
    });
  });
  test('ignores Range and If-Range of a HEAD', () => {
    expect(parseRequest('HEAD', headers, POLICY, NOW)).toEqual({
      method: 'HEAD',
      preconditions: { ifMatch: '*' },
      now: NOW,
    });
  });
  test('ignores If-Range without Range', () => {
    expect(parseRequest('GET', new Headers({ 'If-Range': '"v1"' }), POLICY, NOW).ifRange).toBeUndefined();
  });
  test('ignores If-Range beside a malformed Range', () => {
    const fields = new Headers({ 'If-Range': '"v1"', Range: 'bytes=x' });
    expect(parseRequest('GET', fields, POLICY, NOW).ifRange).toBeUndefined();
  });
  test('reads several Range lines as one list, which is malformed', () => {
    const lines = new Headers([
      ['Range', 'bytes=0-1'],
      ['Range', 'bytes=2-3'],
    ]);
    expect(parseRequest('GET', lines, POLICY, NOW).range).toBeUndefined();
  });
});
