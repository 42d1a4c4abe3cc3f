import type { ChunkReader } from './chunk-stream.ts';
import { semaphore, type Semaphore } from '../semaphore.ts';
import { isGone, storeError } from './store-error.ts';

/**
 * A read of one version that is open, and not read on: back-pressure holds it. What follows in it is to be had although
 * the object is replaced meanwhile, which ends any read by tag that is opened later.
 */
export interface Spare {
  /** Where it stands in the object, in bytes. */
  readonly start: number;
  /**
   * Its bytes from `from`, which is not before `start`, up to `to`; what is before them is read and dropped. Called once.
   *
   * @throws StoreError where the storage has dropped it meanwhile
   */
  read(from: number, to: number): AsyncGenerator<Uint8Array, undefined>;
  /** Gives it back; a read that waits ends. Only the first call counts. */
  close(): void;
}

/** What a spare is made of. */
export interface SpareOptions {
  readonly reader: ChunkReader;
  /** Bytes that were taken from the reader and belong to it, in front. */
  readonly held?: Uint8Array;
  /** Where it stands in the object, in bytes. */
  readonly start: number;
  /** Called once, when it needs its connection no more. */
  readonly onClose: () => void;
}

/** Makes a spare of a body, which belongs to it from then on. */
export function makeSpare({ reader, held, start, onClose }: SpareOptions): Spare {
  let isClosed = false;

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    onClose();
    reader.cancel().catch(() => undefined);
  }

  async function* read(from: number, to: number): AsyncGenerator<Uint8Array, undefined> {
    let at = start;
    let chunk = held;
    try {
      while (at < to) {
        chunk ??= await reader.read(to - at);
        if (isClosed) throw storeError('aborted', 'nobody takes the rest any more');
        if (chunk === undefined) throw storeError('unavailable', `a spare read ended at byte ${at}, before ${to}`);
        const wanted = chunk.subarray(Math.max(0, from - at), to - at);
        at += chunk.length;
        chunk = undefined;
        if (wanted.length > 0) yield wanted;
      }
    } finally {
      close();
    }
  }

  return { start, read, close };
}

/**
 * Spares at once. Each holds a connection for as long as its client takes: they must leave those that the reads of all
 * others need, of the 1,000 that a process has.
 */
const MOST = 400;

/** Room for spares. */
export function makeSpareRoom(): Semaphore {
  return semaphore(MOST);
}

/**
 * Opens a spare of its own; none where there are too many, or the storage fails.
 *
 * @throws StoreError `changed` or `archived`
 */
export async function openSpare(
  open: () => Promise<ChunkReader>,
  start: number,
  room: Semaphore,
): Promise<Spare | undefined> {
  const onClose = room.tryAcquire();
  if (onClose === undefined) return undefined;
  try {
    return makeSpare({ reader: await open(), start, onClose });
  } catch (error) {
    onClose();
    if (isGone(error)) throw error;
    return undefined;
  }
}

/** A spare on its way to whoever takes it. */
export interface Handover {
  /** `undefined` where its read failed or was given up. */
  take(): Promise<Spare | undefined>;
  /** Closes it, unless it was taken. */
  drop(): void;
}

/** Hands a spare over. */
export function handover(spare: Promise<Spare | undefined>): Handover {
  let isTaken = false;
  return {
    take() {
      isTaken = true;
      return spare;
    },
    drop() {
      if (!isTaken) closeLater(spare);
    },
  };
}

/** Closes a spare when it is there. */
export function closeLater(spare: Promise<Spare | undefined> | undefined): void {
  spare?.then(
    (one) => one?.close(),
    () => undefined,
  );
}
