import { parseHttpDate } from '../http/http-date.ts';

/** The longest pause between two tries, in ms, if the server names none. */
const MAX_PAUSE = 30_000;

/**
 * Returns how long to wait before the next try: it doubles with each failure, and half of it is random, so that clients
 * that failed together do not return together.
 *
 * @param first the pause after the first failure, in ms
 * @param failures in a row, at least 1
 * @param jitter from 0 to 1
 * @returns ms
 */
export function backoff(first: number, failures: number, jitter: number): number {
  const pause = Math.min(MAX_PAUSE, first * 2 ** (failures - 1));
  return pause / 2 + (pause / 2) * jitter;
}

/**
 * Parses Retry-After (RFC 9110 §10.2.3).
 *
 * @param now in ms since the epoch
 * @returns ms from now; `undefined` if the value is absent or malformed
 */
export function parseRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const seconds = parseHttpDate(value, Math.floor(now / 1000));
  return seconds === undefined ? undefined : Math.max(0, seconds * 1000 - now);
}
