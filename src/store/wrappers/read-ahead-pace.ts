import { steadyTime } from '../../base/clock.ts';

const MiB = 1024 * 1024;

/**
 * Bytes that the socket buffers between the gateway and the client take, however slow the client is. Until they are
 * full, the reader's pace is not the client's.
 */
const SOCKET_BUFFERS = 6 * MiB;

/**
 * A measurement covers this many bytes, and older measurements count by `DECAY`. Several are averaged because a slow
 * client reads in bursts.
 */
const WINDOW = MiB;
const DECAY = 7 / 8;

/**
 * A part that was ready for longer than this before its turn, in ms, proves a client that is slower than the storage.
 */
const IDLE = 1_000;

/** Decides how many parts are opened ahead of the current one. The reader of the parts reports its events here. */
export interface ReadAheadPace {
  /** The reader requests bytes. */
  onAsk(): void;
  /** The reader receives `count` bytes. */
  onBytes(count: number): void;
  /**
   * The turn of the next part comes.
   *
   * @param readySince when its response arrived, in ms by `steadyTime`; `undefined` if it is pending
   */
  onTurn(readySince: number | undefined): void;
  /** The response of that part is there, and the wait for its bytes begins. */
  onOpen(): void;
  /** Returns the number of parts to open ahead. */
  lead(): number;
}

/**
 * Measures how long the reader waits for the storage, and how long the storage waits for the reader.
 *
 * - If the reader waits for bytes for a quarter of the time, one connection is too slow for it: `most` parts are opened
 *   ahead.
 * - If it waits for the response of a part for an eighth of the time that the part before took, one more is opened.
 * - If the next part was ready for a second before its turn, none is opened ahead any more.
 * - If it was ready before the current part began, and the reader hardly waited, one less is opened, but at least one.
 *
 * @param partSize in bytes
 * @param most parts to open ahead at most
 */
export function readAheadPace(partSize: number, most: number): ReadAheadPace {
  const socketBuffers = Math.min(SOCKET_BUFFERS, (partSize * 3) / 4);
  const window = Math.min(WINDOW, partSize / 8);
  let lead = 0;
  /** Bytes of all parts. */
  let total = 0;
  /** When the turn of the current part came, and how long the part before took. */
  let turnAt = steadyTime();
  let lastPartTook = 0;
  /** When the reader last requested bytes, and when it last received some. */
  let requestedAt = turnAt;
  let receivedAt = turnAt;
  /** `waited`: the reader for the storage; `away`: the storage for the reader. In ms. */
  let recent = { bytes: 0, waited: 0, away: 0 };
  let part = { waited: 0, away: 0 };

  return {
    onAsk() {
      requestedAt = steadyTime();
      recent.away += requestedAt - receivedAt;
      part.away += requestedAt - receivedAt;
    },
    onBytes(count) {
      receivedAt = steadyTime();
      recent.waited += receivedAt - requestedAt;
      part.waited += receivedAt - requestedAt;
      recent.bytes += count;
      total += count;
      if (recent.bytes < window) return;
      if (total >= socketBuffers && recent.waited * 3 >= recent.away) lead = most;
      recent = { bytes: 0, waited: recent.waited * DECAY, away: Math.min(recent.away, IDLE) * DECAY };
    },
    onTurn(readySince) {
      const now = steadyTime();
      const isWaiting = part.waited * 7 >= part.away;
      if (readySince !== undefined && now - readySince > IDLE) lead = 0;
      else if (readySince !== undefined && readySince < turnAt && !isWaiting) lead = Math.max(1, lead - 1);
      lastPartTook = now - turnAt;
      turnAt = now;
      part = { waited: 0, away: 0 };
    },
    onOpen() {
      requestedAt = steadyTime();
      if ((requestedAt - turnAt) * 8 >= lastPartTook) lead = Math.min(most, lead + 1);
    },
    lead: () => lead,
  };
}
