import { lruMap } from '../../base/lru-map.ts';
import { steadyTime } from '../../base/clock.ts';

/** Limits how fast a body is sent, and how much of it. */
export interface BodyFlow {
  /**
   * Waits until bytes may be sent, and takes them.
   *
   * @param bytes that are ready, at least 1
   * @returns how many of them may be sent, at least 1
   * @throws StoreError `aborted` if none may be sent any more
   */
  take(bytes: number): number | Promise<number>;
}

/** The bytes that a quota allows. */
export interface QuotaFlow {
  /**
   * Waits until bytes are reserved.
   *
   * @returns how many of `bytes` may be sent, at least 1
   * @throws StoreError `aborted` if the quota is used up
   */
  available(bytes: number): number | Promise<number>;
  /** Uses bytes of those that are reserved. */
  use(bytes: number): void;
}

/** Waits until the rate of a link allows bytes. @returns how many of `bytes` may be sent, at least 1 */
export type TakeByRate = (key: string, rate: number, bytes: number) => Promise<number>;

/** Most links whose last bytes are remembered. */
const MAX_LINKS = 10_000;

/** The bytes of this time are sent together, in ms, so that all connections of a link get their turn. */
const SLICE = 50;

/** After a pause, the bytes of this time may be sent at once, in ms. */
const BURST = 1_000;

/** Shorter waits are left out: the next one is longer by them. In ms. */
const SHORTEST_WAIT = 5;

/**
 * Makes a limiter of rates: a token bucket for each key, which is empty at first. Each call reserves the time of its
 * bytes, so that calls are served in their order, and no timer is shared between requests.
 */
export function tokenBuckets(): TakeByRate {
  /** Until when the bytes of a key are sent, on the clock of `steadyTime`. */
  const ends = lruMap<number>(MAX_LINKS);
  return async (key, rate, bytes) => {
    const now = steadyTime();
    const taken = Math.min(bytes, Math.max(1, Math.floor((rate * SLICE) / 1_000)));
    const end = Math.max(ends.get(key) ?? now, now - BURST) + (taken / rate) * 1_000;
    ends.set(key, end);
    if (end - now > SHORTEST_WAIT) await new Promise((resolve) => setTimeout(resolve, end - now));
    return taken;
  };
}

/** Makes the flow of one body: the quota is asked first, so that the rate is not spent on bytes that it refuses. */
export function bodyFlow(
  quota: QuotaFlow | undefined,
  takeByRate: ((bytes: number) => Promise<number>) | undefined,
): BodyFlow {
  return {
    async take(bytes) {
      const allowed = quota === undefined ? bytes : await quota.available(bytes);
      const taken = takeByRate === undefined ? allowed : await takeByRate(allowed);
      quota?.use(taken);
      return taken;
    },
  };
}

/** The chunks of a body, as its pipe reads them. */
interface BodyChunks {
  /** @returns `undefined` at the end */
  next(): Promise<Uint8Array | undefined>;
  end(): Promise<void>;
}

/** Reads only as many bytes as a flow allows. The rest of a chunk is kept, and nothing is read before it is sent. */
export function limitedReader(chunks: BodyChunks, flow: BodyFlow): BodyChunks {
  let rest: Uint8Array = new Uint8Array(0);
  return {
    async next() {
      if (rest.length === 0) {
        const chunk = await chunks.next();
        if (chunk === undefined) return undefined;
        rest = chunk;
      }
      const taken = rest.subarray(0, await flow.take(rest.length));
      rest = rest.subarray(taken.length);
      return taken;
    },
    end: () => chunks.end(),
  };
}
