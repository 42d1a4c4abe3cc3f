import { steadyTime } from '../clock.ts';

const MiB = 1024 * 1024;

/** So many bytes go into the buffers of the client's socket, however slow it is: they tell nothing of its pace. */
const BUFFERED = 4 * MiB;

/** Bytes over which waiting is measured. */
const WINDOW = MiB;

/** A part that was ready for so long before its turn, in ms, shows a client that is slower than the storage. */
const IDLE = 1_000;

/** Decides how many parts are opened ahead of the one that is read. */
export interface ReadPace {
  /** The reader asks for bytes. */
  onAsk(): void;
  /** It gets so many. */
  onBytes(count: number): void;
  /** The next part's turn has come. @param readySince when its answer was there, in ms of `steadyTime` */
  onPart(readySince: number | undefined): void;
  /** Parts to be open ahead. */
  lead(): number;
}

/**
 * Measures how long the reader waits for the storage, and how long the storage waits for the reader.
 *
 * A reader that waits for a quarter of the time gets all connections at once. One that finds the next part ready gives
 * up one of them where it was ready before the current part began, and all where it was ready for a second.
 *
 * @param partSize in bytes
 * @param most parts ahead at the most
 */
export function readPace(partSize: number, most: number): ReadPace {
  const buffered = Math.min(BUFFERED, partSize / 2);
  const size = Math.min(WINDOW, partSize / 8);
  let lead = 0;
  let total = 0;
  let began = steadyTime();
  let asked = began;
  let given = began;
  let current = { bytes: 0, waited: 0, away: 0 };
  let part = { waited: 0, away: 0 };

  return {
    onAsk() {
      asked = steadyTime();
      current.away += asked - given;
      part.away += asked - given;
    },
    onBytes(count) {
      given = steadyTime();
      current.waited += given - asked;
      part.waited += given - asked;
      current.bytes += count;
      total += count;
      if (current.bytes < size) return;
      if (total >= buffered && current.waited * 3 >= current.away) lead = most;
      current = { bytes: 0, waited: 0, away: 0 };
    },
    onPart(readySince) {
      const now = steadyTime();
      const isWaiting = part.waited * 7 >= part.away;
      if (readySince !== undefined && now - readySince > IDLE) lead = 0;
      else if (readySince !== undefined && readySince < began && !isWaiting) lead = Math.max(1, lead - 1);
      began = now;
      part = { waited: 0, away: 0 };
    },
    lead: () => lead,
  };
}
