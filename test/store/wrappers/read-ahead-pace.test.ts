import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readAheadPace, type ReadAheadPace } from '../../../src/store/wrappers/read-ahead-pace.ts';

const MiB = 1024 * 1024;
const PART = 8 * MiB;
const CHUNK = MiB / 4;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Reads `bytes` bytes. Before each chunk the client pauses for some ms, and then waits for the storage for some. */
function read(pace: ReadAheadPace, bytes: number, away: number, waited: number): void {
  for (let at = 0; at < bytes; at += CHUNK) {
    vi.advanceTimersByTime(away);
    pace.onAsk();
    vi.advanceTimersByTime(waited);
    pace.onBytes(CHUNK);
  }
}

test('a client that waits for the storage gets all connections once the buffers of its socket are full', () => {
  const pace = readAheadPace(PART, 3);
  read(pace, 6 * MiB - CHUNK, 0, 3);
  expect(pace.lead()).toBe(0);
  read(pace, CHUNK, 0, 3);
  expect(pace.lead()).toBe(3);
});

test('a client slower than the storage gets no read-ahead, even if it reads in bursts', () => {
  const pace = readAheadPace(PART, 3);
  read(pace, 4 * MiB, 0, 3);
  for (let burst = 0; burst < 8; burst++) {
    read(pace, CHUNK, 1_000, 0);
    read(pace, 3 * MiB, 0, 3);
    expect(pace.lead()).toBe(0);
  }
});

test('a client that paused for long and is then fast gets all connections within two parts', () => {
  const pace = readAheadPace(PART, 3);
  read(pace, CHUNK, 50_000, 3);
  read(pace, 2 * PART, 0, 3);
  expect(pace.lead()).toBe(3);
});
