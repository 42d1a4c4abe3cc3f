import {
  EMPTY_SNAPSHOT,
  sumSnapshots,
  withoutGauges,
  type MetricsSnapshot,
} from '../../observe/metrics/measurements.ts';
import type { WorkerMessage } from './messages.ts';
import type { WorkerProcess } from './worker-process.ts';

/** A worker that takes longer to tell its numbers, in ms, is counted with those that it told before. */
const MEASURE_TIMEOUT = 2_000;

/** The part of the primary process that adds up the numbers of all workers. */
export interface MetricsRelay {
  /** Handles a message of a worker. Other messages than those of metrics are ignored. */
  handle(message: WorkerMessage, from: WorkerProcess): void;
  /** Keeps the counters of a worker that has ended, so that no sum decreases. */
  leave(worker: WorkerProcess): void;
}

/**
 * Creates the part of the primary process that adds up the numbers of all workers whenever one of them is asked for
 * them.
 *
 * @param workers returns all workers that run
 */
export function metricsRelay(workers: () => Iterable<WorkerProcess>): MetricsRelay {
  const pending = new Map<number, () => void>();
  const last = new Map<WorkerProcess, MetricsSnapshot>();
  let retired = EMPTY_SNAPSHOT;
  let lastId = 0;

  async function measure(worker: WorkerProcess): Promise<void> {
    const id = ++lastId;
    const { promise, resolve } = Promise.withResolvers<void>();
    pending.set(id, resolve);
    const timer = setTimeout(resolve, MEASURE_TIMEOUT);
    worker.send({ type: 'measure', id });
    await Promise.race([promise, worker.ended]);
    clearTimeout(timer);
    pending.delete(id);
  }

  async function answer(id: number, from: WorkerProcess): Promise<void> {
    await Promise.all(Array.from(workers(), measure));
    from.send({ type: 'metrics', id, snapshot: sumSnapshots([retired, ...last.values()]) });
  }

  return {
    handle(message, from) {
      if (message.type === 'metrics') void answer(message.id, from);
      if (message.type !== 'measured') return;
      last.set(from, message.snapshot);
      pending.get(message.id)?.();
    },
    leave(worker) {
      const snapshot = last.get(worker);
      last.delete(worker);
      if (snapshot !== undefined) retired = sumSnapshots([retired, withoutGauges(snapshot)]);
    },
  };
}

/** The numbers of all workers, in one of them. */
export interface RelayedMetrics {
  /** Asks the primary process for the sum over all workers. */
  collect(): Promise<MetricsSnapshot>;
  receive(id: number, snapshot: MetricsSnapshot): void;
}

/**
 * Creates the part of a worker that asks for the numbers of all workers.
 *
 * @param send sends a message to the primary process
 */
export function relayedMetrics(send: (message: WorkerMessage) => void): RelayedMetrics {
  const pending = new Map<number, (snapshot: MetricsSnapshot) => void>();
  let lastId = 0;
  return {
    collect() {
      const id = ++lastId;
      return new Promise((resolve) => {
        pending.set(id, resolve);
        send({ type: 'metrics', id });
      });
    },
    receive(id, snapshot) {
      pending.get(id)?.(snapshot);
      pending.delete(id);
    },
  };
}
