import { subtractIntervals, toIntervals, type Intervals } from '../http/intervals.ts';
import type { Span } from '../http/span.ts';
import type { Asked } from './verdict.ts';

/** A request in progress, and the bytes that it is to bring. */
export interface RangeConnection {
  readonly id: number;
  readonly asked: Asked;
  /** `opening` until the head of the response is judged. */
  readonly state: 'opening' | 'receiving';
  readonly start: number;
  /** The next byte that it brings. */
  readonly position: number;
  /** The end of the bytes that are taken from it, exclusive. `Infinity` until the size is known. */
  readonly end: number;
  /** The end of what the response has, or the request asks for, exclusive. More than `end` after a split. */
  readonly granted: number;
  /** In ms. */
  readonly openedAt: number;
  /** When its last byte arrived, or was written if that was later, in ms. */
  readonly lastByteAt: number;
  /** Whether bytes of it are being written. It is not read then, so it can't be stalled. */
  readonly isWriting: boolean;
  /** Bytes a ms, smoothed; 0 before the first measurement. */
  readonly rate: number;
  /** The last measurement. */
  readonly measured: { readonly at: number; readonly position: number };
}

/** Returns the bytes that a connection is still to bring. */
export function remaining({ position, end }: RangeConnection): number {
  return end - position;
}

/** Returns the gaps that no connection brings. */
export function unclaimed(gaps: Intervals, connections: readonly RangeConnection[]): Intervals {
  return subtractIntervals(gaps, toIntervals(connections.map(({ position, end }) => ({ start: position, end }))));
}

/** A connection is measured again after this time, in ms, and for the first time earlier: others wait for it. */
const MEASURE_INTERVAL = 250;
const FIRST_MEASUREMENT = 80;

/** Measures the rate of a connection. */
export function measureConnection(connection: RangeConnection, now: number): RangeConnection {
  const { measured, position, rate, state } = connection;
  const elapsed = now - measured.at;
  if (state === 'opening' || elapsed < (rate === 0 ? FIRST_MEASUREMENT : MEASURE_INTERVAL)) return connection;
  const latest = (position - measured.position) / elapsed;
  return { ...connection, rate: rate === 0 ? latest : (rate + latest) / 2, measured: { at: now, position } };
}

/** How a free connection helps a busy one. */
export type Help =
  /** It takes the second half. */
  | { readonly type: 'split'; readonly id: number; readonly at: number }
  /** It takes all that is missing, since the other one hangs. */
  | { readonly type: 'replace'; readonly id: number };

/** When a free connection helps. */
export interface HelpRules {
  /** A gap is split if it takes longer than this, in ms. */
  readonly splitAfter: number;
  /** A gap of a slow connection is taken over if it takes longer than this, in ms. */
  readonly helpAfter: number;
  /** The fewest bytes of each half: a request for fewer costs more than it saves. */
  readonly leastHalf: number;
}

/**
 * Finds the connection whose bytes take longest, and how a free one helps it.
 *
 * @returns `undefined` if all are done soon
 */
export function findHelp(
  connections: readonly RangeConnection[],
  now: number,
  { splitAfter, helpAfter, leastHalf }: HelpRules,
): Help | undefined {
  const rates = connections.map(({ rate }) => rate).filter((rate) => rate > 0);
  const mean = rates.length === 0 ? 0 : rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const timeLeft = (one: RangeConnection) => remaining(one) / (one.rate === 0 ? mean : one.rate);
  const [slowest] = connections.filter(isFinite).toSorted((a, b) => timeLeft(b) - timeLeft(a));
  // Before the first measurement, nothing is known.
  if (slowest === undefined || mean === 0 || timeLeft(slowest) <= splitAfter) return undefined;
  const { id, position } = slowest;
  if (remaining(slowest) >= 2 * leastHalf) {
    return { type: 'split', id, at: position + Math.ceil(remaining(slowest) / 2) };
  }
  const isFarSlower = slowest.rate > 0 && slowest.rate < mean / 4 && now - slowest.openedAt > helpAfter;
  return isFarSlower && timeLeft(slowest) > helpAfter ? { type: 'replace', id } : undefined;
}

function isFinite({ end }: RangeConnection): boolean {
  return end !== Number.POSITIVE_INFINITY;
}

/**
 * Finds connections that bring nothing while others do.
 *
 * @param helpAfter the shortest time for which they do, in ms
 * @param responseTime what a response took until now, in ms
 */
export function findHanging(
  connections: readonly RangeConnection[],
  now: number,
  helpAfter: number,
  responseTime: number,
): readonly RangeConnection[] {
  const isActive = ({ lastByteAt, state }: RangeConnection) =>
    state === 'receiving' && now - lastByteAt < helpAfter / 4;
  if (!connections.some(isActive)) return [];
  const patience = Math.max(helpAfter, 4 * responseTime);
  return connections.filter(({ lastByteAt, isWriting }) => !isWriting && now - lastByteAt > patience);
}

/** Extends connections that were split over the unclaimed bytes behind them, as far as their responses reach. */
export function extend(connections: readonly RangeConnection[], free: readonly Span[]): readonly RangeConnection[] {
  return connections.map((one) => {
    const gap = free.find(({ start }) => start === one.end);
    return gap === undefined || one.granted <= one.end ? one : { ...one, end: Math.min(one.granted, gap.end) };
  });
}
