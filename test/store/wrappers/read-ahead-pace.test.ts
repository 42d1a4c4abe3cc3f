import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readAheadPace, type ReadAheadPace } from '../../../src/store/wrappers/read-ahead-pace.ts';

const MiB = 1024 * 1024;
const PART = 8 * MiB;
const CHUNK = MiB / 4;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Reads so many bytes; for each chunk the client is away for some ms, and then waits for the storage for some. */
function read(pace: ReadAheadPace, bytes: number, away: number, waited: number): void {
  for (let at = 0; at < bytes; at += CHUNK) {
    vi.advanceTimersByTime(away);
    pace.onAsk();
    vi.advanceTimersByTime(waited);
    pace.onBytes(CHUNK);
  }
}

test('a client that waits has all connections, once the buffers of its socket are full', () => {
  const pace = readAheadPace(PART, 3);
  read(pace, 6 * MiB - CHUNK, 0, 3);
  expect(pace.lead()).toBe(0);
  read(pace, CHUNK, 0, 3);
  expect(pace.lead()).toBe(3);
});

test('a client that the storage waits for has none ahead, although it takes its bytes in bursts', () => {
  const pace = readAheadPace(PART, 3);
  read(pace, 4 * MiB, 0, 3);
  for (let burst = 0; burst < 8; burst++) {
    read(pace, CHUNK, 1_000, 0);
    read(pace, 3 * MiB, 0, 3);
    expect(pace.lead()).toBe(0);
  }
});

test('one that was away for long, and is fast from then on, has all before two parts are over', () => {
  const pace = readAheadPace(PART, 3);
  read(pace, CHUNK, 50_000, 3);
  read(pace, 2 * PART, 0, 3);
  expect(pace.lead()).toBe(3);
});
