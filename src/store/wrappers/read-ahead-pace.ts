import { steadyTime } from '../../base/clock.ts';

const MiB = 1024 * 1024;

/**
 * So many bytes go into the buffers of the sockets between here and the client, however slow it is: they tell nothing
 * of its pace.
 */
const BUFFERED = 6 * MiB;

/** Bytes after which what was measured counts less, and by how much: a slow client takes its bytes in bursts. */
const WINDOW = MiB;
const FADING = 7 / 8;

/** A part that was ready for so long before its turn, in ms, shows a client that is slower than the storage. */
const IDLE = 1_000;

/** Decides how many parts are opened ahead of the one that is read. */
export interface ReadAheadPace {
  /** The reader asks for bytes. */
  onAsk(): void;
  /** It gets so many. */
  onBytes(count: number): void;
  /** The next part's turn has come. @param readySince when its answer was there, in ms of `steadyTime` */
  onTurn(readySince: number | undefined): void;
  /** The answer of that part is there, and its bytes are waited for. */
  onOpen(): void;
  /** Parts to be open ahead. */
  lead(): number;
}

/**
 * Measures how long the reader waits for the storage, and how long the storage waits for the reader.
 *
 * A reader that waits for bytes for a quarter of the time gets all connections at once, since one is too slow for it.
 * One that waits for a part's answer, for an eighth of the time that the part before took, gets one part more ahead.
 * One that finds the next part ready gives up all parts ahead if it was ready for a second, and one of several if it
 * was ready before the current part began and the reader hardly waited.
 *
 * @param partSize in bytes
 * @param most parts ahead at the most
 */
export function readAheadPace(partSize: number, most: number): ReadAheadPace {
  const buffered = Math.min(BUFFERED, (partSize * 3) / 4);
  const size = Math.min(WINDOW, partSize / 8);
  let lead = 0;
  let total = 0;
  let turn = steadyTime();
  let took = 0;
  let asked = turn;
  let given = turn;
  let recent = { bytes: 0, waited: 0, away: 0 };
  let part = { waited: 0, away: 0 };

  return {
    onAsk() {
      asked = steadyTime();
      recent.away += asked - given;
      part.away += asked - given;
    },
    onBytes(count) {
      given = steadyTime();
      recent.waited += given - asked;
      part.waited += given - asked;
      recent.bytes += count;
      total += count;
      if (recent.bytes < size) return;
      if (total >= buffered && recent.waited * 3 >= recent.away) lead = most;
      recent = { bytes: 0, waited: recent.waited * FADING, away: Math.min(recent.away, IDLE) * FADING };
    },
    onTurn(readySince) {
      const now = steadyTime();
      const isWaiting = part.waited * 7 >= part.away;
      if (readySince !== undefined && now - readySince > IDLE) lead = 0;
      else if (readySince !== undefined && readySince < turn && !isWaiting) lead = Math.max(1, lead - 1);
      took = now - turn;
      turn = now;
      part = { waited: 0, away: 0 };
    },
    onOpen() {
      asked = steadyTime();
      if ((asked - turn) * 8 >= took) lead = Math.min(most, lead + 1);
    },
    lead: () => lead,
  };
}
