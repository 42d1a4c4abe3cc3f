import { steadyTime } from '../base/clock.ts';
import { withTimeout } from '../base/with-timeout.ts';
import type { ReservationEnded } from '../transfers/link-quota.ts';
import { readerIdentity, type AnonymousIdentity } from '../transfers/reader-identity.ts';
import {
  mountName,
  type Reader,
  type ReceiptReceived,
  type TransferChange,
  type TransferObject,
  type TransferStore,
} from '../transfers/transfer-store.ts';
import type { DownloadEvent, DownloadStart, Observer } from './event.ts';
import { failureLog, type FailureLog } from './failure-log.ts';
import { ANONYMOUS, toImportedChanges, withReader, type ImportedRequest } from './imported-requests.ts';

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
  /**
   * Writes a receipt, after the changes so far.
   *
   * @throws Error if it is not stored
   */
  receive(receipt: Omit<ReceiptReceived, 'type' | 'id'>): Promise<void>;
  /** Returns the id of a request in the store. @param serial the number of the request in this process */
  readonly requestId: (serial: number) => string;
  /** Writes the end of a request of a link at once. @returns work that outlasts the response; it never rejects */
  settle(change: ReservationEnded): Promise<void> | undefined;
  /** Tells that the store did not answer, at most once a minute. */
  reportFailure(cause: unknown): void;
  /**
   * Writes requests of a log, all or none.
   *
   * @param batch names the part of the log. One that was written before changes nothing
   * @throws Error if they are not stored
   */
  importRequests(batch: string, requests: readonly ImportedRequest[]): Promise<void>;
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
  /** Absent if the change has its reader. */
  readonly reader: Promise<Reader> | undefined;
}

/** The fields that start and end of one request have in common. They are made once, because that is half of the work. */
interface KnownRequest {
  readonly id: string;
  readonly object: TransferObject;
  readonly reader: Reader;
  /** The reader, if it is not known yet. */
  readonly pending: Promise<Reader> | undefined;
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
  const running = new Map<number, KnownRequest>();

  function know(event: DownloadStart): KnownRequest {
    const found = identify(event, event.received.getTime()) ?? ANONYMOUS;
    const [reader, pending] = found instanceof Promise ? [ANONYMOUS, found] : [found, undefined];
    const object = objectOf(event, found === ANONYMOUS);
    return { id: idOf(event.serial), object, reader, pending };
  }

  return {
    store,
    observer: {
      start(event) {
        const known = know(event);
        running.set(event.serial, known);
        return writer.write({ change: toStart(event, known), reader: known.pending });
      },
      end(event) {
        const known = running.get(event.serial) ?? know(event);
        running.delete(event.serial);
        const isCounted = event.asked.length > 0 || event.size === 0 || event.outcome === 'redirected';
        if (!isCounted || event.mount === undefined || event.key === undefined) return undefined;
        return writer.write({ change: toEnd(event, known), reader: known.pending });
      },
    },
    lost: failures.lost,
    requestId: idOf,
    settle: (change) => writer.write({ change, reader: undefined }),
    reportFailure: (cause) => failures.add(0, cause),
    receive: (receipt) => writer.writeNow([{ type: 'receipt', id: idOf('receipt'), ...receipt }]),
    importRequests: async (batch, requests) => writer.writeNow(await toImportedChanges(batch, requests, identify)),
    flush: () => writer.flush(),
    async close() {
      writer.stop();
      await writer.flush();
      await store.close();
    },
  };
}

/** Without a reader, there is no transfer, so the version is of no use. */
function objectOf({ mount, key = '', etag, size }: DownloadStart, isAnonymous: boolean): TransferObject {
  return { mount: mountName(mount ?? { path: '' }), key, etag: isAnonymous ? undefined : etag, size };
}

function toStart({ received, asked }: DownloadStart, { id, object, reader }: KnownRequest): TransferChange {
  return { type: 'start', id, at: received.getTime(), object, reader, asked };
}

function toEnd(event: DownloadEvent, { id, object, reader }: KnownRequest): TransferChange {
  const { received, durationMs, status, outcome, delivered, bytesSent } = event;
  const at = received.getTime() + Math.round(durationMs);
  return { type: 'end', id, at, object, reader, status, outcome, delivered, bytesSent };
}

/** Writes changes to a store. */
interface ChangeWriter {
  /** @returns work that outlasts the response, if there is any. It never rejects */
  write(pending: PendingChange): Promise<void> | undefined;
  /** Writes changes together, after all others. @throws Error if it is not stored */
  writeNow(changes: readonly TransferChange[]): Promise<void>;
  flush(): Promise<void>;
  /** Stops the timers. */
  stop(): void;
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
      await withTimeout(WRITE_TIMEOUT, store.write([reader === undefined ? change : withReader(change, await reader)]));
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
    writeNow: (changes) => withTimeout(WRITE_TIMEOUT, store.write(changes)),
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
        changes.push(reader === undefined ? change : withReader(change, await reader));
      }
      await withTimeout(WRITE_TIMEOUT, store.write(changes));
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
    async writeNow(changes) {
      await flush();
      await withTimeout(WRITE_TIMEOUT, store.write(changes));
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
