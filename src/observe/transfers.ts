import { steadyTime } from '../base/clock.ts';
import type { ReservationEnded } from '../transfers/link-quota.ts';
import { readerIdentity, type AnonymousIdentity, type IdentifyReader } from '../transfers/reader-identity.ts';
import {
  mountName,
  type Reader,
  type ReceiptReceived,
  type TransferChange,
  type TransferObject,
  type TransferStore,
} from '../transfers/transfer-store.ts';
import type { DownloadEvent, DownloadStart, Observer } from './event.ts';
import { describeError } from './log.ts';

/** Options of {@link trackTransfers}. */
export interface TransferOptions {
  readonly store: TransferStore;
  /** How a client without a link's id and a user name is recognised. By default by address and User-Agent. */
  readonly identity?: AnonymousIdentity | undefined;
  /** The key of the hashes of addresses. By default random, so that clients are not recognised after a restart. */
  readonly secret?: string | undefined;
  /** Receives a sentence if changes could not be stored, at most once a minute. By default it is printed. */
  readonly warn?: ((message: string) => void) | undefined;
}

/** Keeps the state of downloads in a store. */
export interface TransferTracker {
  readonly store: TransferStore;
  /** Writes the requests of a gateway to the store. */
  readonly observer: Observer;
  /** Changes that were not stored, because the store failed or was too slow. */
  readonly lost: () => number;
  /** Returns the id of a request in the store. @param serial the number of the request in this process */
  readonly requestId: (serial: number) => string;
  /** Writes the end of a request of a link at once. @returns work that outlasts the response; it never rejects */
  settle(change: ReservationEnded): Promise<void> | undefined;
  /** Tells that the store did not answer, at most once a minute. */
  reportFailure(cause: unknown): void;
  /**
   * Writes a receipt, after the changes so far.
   *
   * @throws Error if it is not stored
   */
  receive(receipt: Omit<ReceiptReceived, 'type' | 'id'>): Promise<void>;
  /** Waits until the changes so far are written, or lost. */
  flush(): Promise<void>;
  /** Writes the changes that are collected, and closes the store. */
  close(): Promise<void>;
}

/** Most changes that wait for the store. More are lost. */
const MAX_PENDING = 50_000;

/** A store that takes longer than this, in ms, is taken as failed. */
const WRITE_TIMEOUT = 10_000;

/** How often idle readers are settled and old transfers deleted, and how often a failure is told, in ms. */
const MINUTE = 60_000;

/** A change whose reader may not be known yet. */
interface PendingChange {
  readonly change: TransferChange;
  readonly reader: Reader | Promise<Reader>;
}

/**
 * Keeps the state of downloads in a store. A request never waits for the store, and no failure of it fails a download:
 * it is told once a minute, and counted.
 *
 * @example
 * import { createGateway, memoryStore, memoryTransferStore, trackTransfers } from 'rangeway';
 *
 * const transfers = trackTransfers({ store: memoryTransferStore() });
 * export default createGateway({ store: memoryStore(), transfers });
 */
export function trackTransfers({ store, identity, secret, warn = console.error }: TransferOptions): TransferTracker {
  const identify = readerIdentity(identity, secret);
  // Serial numbers begin again in each process.
  let processId: string | undefined;
  const idOf = (serial: number | 'receipt') => `${(processId ??= crypto.randomUUID().slice(0, 13))}-${serial}`;
  const failures = failureLog(warn);
  const writer = store.turnTime === 0 ? directWriter(store, failures) : turnWriter(store, failures);

  return {
    store,
    observer: {
      start: (event) => writer.write({ change: toStart(event, idOf(event.serial)), reader: readerOf(event, identify) }),
      end(event) {
        const isCounted = event.asked.length > 0 || event.size === 0 || event.outcome === 'redirected';
        if (!isCounted || event.mount === undefined || event.key === undefined) return undefined;
        return writer.write({ change: toEnd(event, idOf(event.serial)), reader: readerOf(event, identify) });
      },
    },
    lost: failures.lost,
    requestId: idOf,
    settle: (change) => writer.write({ change, reader: ANONYMOUS }),
    reportFailure: (cause) => failures.add(0, cause),
    receive: (receipt) => writer.writeNow({ type: 'receipt', id: idOf('receipt'), ...receipt }),
    flush: () => writer.flush(),
    async close() {
      writer.stop();
      await writer.flush();
      await store.close();
    },
  };
}

const ANONYMOUS: Reader = { name: 'anonymous', shard: 0 };

function readerOf(event: DownloadStart, identify: IdentifyReader): Reader | Promise<Reader> {
  return identify(event, event.received.getTime()) ?? ANONYMOUS;
}

function objectOf({ mount, key = '', etag, size }: DownloadStart): TransferObject {
  return { mount: mountName(mount ?? { path: '' }), key, etag, size };
}

function toStart(event: DownloadStart, id: string): TransferChange {
  const common = { id, at: event.received.getTime(), object: objectOf(event), reader: ANONYMOUS };
  return { type: 'start', ...common, asked: event.asked };
}

function toEnd(event: DownloadEvent, id: string): TransferChange {
  const { received, durationMs, status, outcome, delivered, bytesSent } = event;
  const at = received.getTime() + Math.round(durationMs);
  const common = { id, at, object: objectOf(event), reader: ANONYMOUS };
  return { type: 'end', ...common, status, outcome, delivered, bytesSent };
}

/** Writes changes to a store. */
interface ChangeWriter {
  /** @returns work that outlasts the response, if there is any. It never rejects */
  write(pending: PendingChange): Promise<void> | undefined;
  /** Writes a change after all others. @throws Error if it is not stored */
  writeNow(change: TransferChange): Promise<void>;
  flush(): Promise<void>;
  /** Stops the timers. */
  stop(): void;
}

/** Counts what is lost, and tells it once a minute. */
interface FailureLog {
  add(count: number, cause: unknown): void;
  readonly lost: () => number;
}

function failureLog(warn: (message: string) => void): FailureLog {
  let lost = 0;
  let told = Number.NEGATIVE_INFINITY;
  return {
    add(count, cause) {
      lost += count;
      if (steadyTime() - told < MINUTE) return;
      told = steadyTime();
      warn(`transfers: ${lost} changes since the start are not stored, downloads go on: ${describeError(cause)}`);
    },
    lost: () => lost,
  };
}

/** Removes the data of a client that can't be told from others, so that its requests are counted, and no transfer. */
function withReader(change: TransferChange, reader: Reader): TransferChange {
  if (change.type === 'settle') return change;
  return reader === ANONYMOUS
    ? { ...change, object: { ...change.object, etag: undefined }, reader }
    : { ...change, reader };
}

/** Writes each change at once, the end of a request after its start. */
function directWriter(store: TransferStore, failures: FailureLog): ChangeWriter {
  /** The writes of the starts of running requests. */
  const starts = new Map<string, Promise<void>>();
  const running = new Set<Promise<void>>();
  let maintained = steadyTime();

  async function writeOne({ change, reader }: PendingChange, before: Promise<void> | undefined): Promise<void> {
    try {
      await before;
      await withTimeout(store.write([withReader(change, await reader)]));
      if (steadyTime() - maintained < MINUTE) return;
      maintained = steadyTime();
      await store.maintain(Date.now());
    } catch (error) {
      failures.add(1, error);
    }
  }

  return {
    write(pending) {
      const { type, id } = pending.change;
      const work = writeOne(pending, starts.get(id));
      if (type === 'start') starts.set(id, work);
      else starts.delete(id);
      running.add(work);
      void work.then(() => running.delete(work));
      return work;
    },
    // Each change is written at once. On Workers, those of other requests can't be awaited.
    writeNow: (change) => withTimeout(store.write([change])),
    flush: async () => void (await Promise.all(running)),
    stop: () => undefined,
  };
}

/** Collects the changes of a turn, and writes them together. */
function turnWriter(store: TransferStore, failures: FailureLog): ChangeWriter {
  let pending: PendingChange[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let writing: Promise<void> | undefined;
  const maintenance = setInterval(() => void maintain(), MINUTE);
  unref(maintenance);

  async function maintain(): Promise<void> {
    try {
      await store.maintain(Date.now());
    } catch (error) {
      failures.add(0, error);
    }
  }

  async function writeTurn(): Promise<void> {
    const turn = pending;
    pending = [];
    try {
      const changes: TransferChange[] = [];
      for (const { change, reader } of turn) {
        changes.push(withReader(change, reader instanceof Promise ? await reader : reader));
      }
      await withTimeout(store.write(changes));
    } catch (error) {
      if (!isBusy(error)) return failures.add(turn.length, error);
      pending = [...turn, ...pending];
      failures.add(Math.max(0, pending.length - MAX_PENDING), error);
      pending = pending.slice(0, MAX_PENDING);
    }
  }

  /** Writes turn after turn, one at a time, as long as there are changes. */
  function schedule(): void {
    if (timer !== undefined || writing !== undefined || pending.length === 0) return;
    timer = setTimeout(() => {
      timer = undefined;
      writing = writeTurn().finally(() => {
        writing = undefined;
        schedule();
      });
    }, store.turnTime);
    unref(timer);
  }

  async function flush(): Promise<void> {
    await writing;
    if (timer !== undefined) clearTimeout(timer);
    timer = undefined;
    if (pending.length > 0) await (writing = writeTurn().finally(() => (writing = undefined)));
    schedule();
  }

  return {
    write(change) {
      if (pending.length >= MAX_PENDING) failures.add(1, new Error('the store is too slow'));
      else pending.push(change);
      // The next request of a link is to see the end of this one.
      if (change.change.type === 'settle') void flush();
      else schedule();
      return undefined;
    },
    async writeNow(change) {
      await flush();
      await withTimeout(store.write([change]));
    },
    flush,
    stop: () => clearInterval(maintenance),
  };
}

/** Lets the process end while a timer runs, on platforms where it would not. */
function unref(timer: unknown): void {
  if (typeof timer === 'object' && timer !== null && 'unref' in timer && typeof timer.unref === 'function')
    timer.unref();
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && error.name === 'TransferStoreBusy';
}

/** @throws Error if the store takes too long */
function withTimeout(work: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`it took longer than ${WRITE_TIMEOUT} ms`)), WRITE_TIMEOUT);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
