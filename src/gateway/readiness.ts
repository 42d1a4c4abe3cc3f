import { steadyTime } from '../base/clock.ts';
import { withTimeout } from '../base/with-timeout.ts';
import { describeError } from '../observe/log.ts';
import { printable } from '../observe/printable.ts';
import type { CallOptions, ObjectStore } from '../store/object-store.ts';
import { isStoreError, type StoreErrorCode } from '../store/store-error.ts';

/** Returns whether requests can be served: each storage has answered, and the process is not about to stop. */
export type Readiness = () => Promise<boolean>;

/** A storage that has to answer before the gateway is ready. */
export interface ProbedStore {
  /** The name of its mount, for the log. */
  readonly name: string;
  readonly store: ObjectStore;
}

/** Options of `ready()`: the storages that have to answer. */
export interface ReadinessOptions {
  readonly stores: readonly ProbedStore[];
  /** Aborted when the process is about to stop. From then on it is not ready. */
  readonly draining?: AbortSignal | undefined;
  /** Receives a sentence when a storage stops answering, and when it answers again. By default it is printed. */
  readonly warn?: ((message: string) => void) | undefined;
}

/** A storage that takes longer to answer, in ms, does not answer. */
const PROBE_TIMEOUT = 10_000;

/** How long a result is used for all requests, in ms. */
const FRESH = 5_000;

/** The key whose metadata are read. It is no secret that an object may have it. */
const PROBE_KEY = 'rangeway-ready';

/**
 * Makes a function that asks each storage for the metadata of one key, past all caches. Its result is kept for 5
 * seconds, and only one probe runs at a time, so that a monitor costs one storage operation in 5 seconds for each
 * mount, however often it asks.
 */
export function readiness({ stores, draining, warn = console.error }: ReadinessOptions): Readiness {
  let last: { readonly time: number; readonly isReady: boolean } | undefined;
  let running: { readonly time: number; readonly result: Promise<boolean> } | undefined;
  let failing: readonly string[] = [];

  async function probeAll(): Promise<boolean> {
    const failures = await Promise.all(stores.map(probe));
    const found = failures.filter((failure) => failure !== undefined);
    const names = found.map(({ name }) => name);
    for (const { name, reason } of found) {
      if (!failing.includes(name)) warn(`not ready: the storage of ${name} does not answer: ${printable(reason)}`);
    }
    for (const name of failing) if (!names.includes(name)) warn(`the storage of ${name} answers again`);
    failing = names;
    last = { time: steadyTime(), isReady: found.length === 0 };
    running = undefined;
    return last.isReady;
  }

  return async () => {
    if (draining?.aborted === true) return false;
    const now = steadyTime();
    if (last !== undefined && now - last.time < FRESH) return last.isReady;
    // On Workers a promise stays pending if the request that it belongs to has ended.
    if (running === undefined || now - running.time > PROBE_TIMEOUT) running = { time: now, result: probeAll() };
    const { result } = running;
    return withTimeout(PROBE_TIMEOUT, result).catch(() => false);
  };
}

/**
 * The codes of errors with which a storage without `probe` has answered. Where keys can't be listed, a missing one may
 * be denied.
 */
const ANSWERS: ReadonlySet<StoreErrorCode> = new Set<StoreErrorCode>(['denied', 'archived', 'version-changed']);

/** @returns the reason for which a storage does not answer; `undefined` if it does */
async function probe({ name, store }: ProbedStore) {
  const stopped = new AbortController();
  try {
    await withTimeout(PROBE_TIMEOUT, ask(store, { signal: stopped.signal }));
    return undefined;
  } catch (error) {
    stopped.abort();
    const isAnswer = store.probe === undefined && isStoreError(error) && ANSWERS.has(error.code);
    return isAnswer ? undefined : { name, reason: describeError(error) };
  }
}

async function ask(store: ObjectStore, options: CallOptions): Promise<void> {
  if (store.probe === undefined) await store.head(PROBE_KEY, options);
  else await store.probe(options);
}
