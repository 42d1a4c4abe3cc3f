import cluster from 'node:cluster';
import type { PurgedKey, PurgePeers } from '../../gateway/handlers/purge.ts';
import type { TransferStore } from '../../transfers/transfer-store.ts';
import { EMPTY_SNAPSHOT, type MetricsSnapshot } from '../../observe/metrics/measurements.ts';
import { relayedMetrics } from './metrics-relay.ts';
import { relayedTransfers } from './transfer-relay.ts';
import { isEnvelope, WORKER_NUMBER, type Envelope, type PrimaryMessage, type WorkerMessage } from './messages.ts';

/** The other workers have to purge a key within this time, in ms. */
const PURGE_TIMEOUT = 5_000;

/** The connection of a worker with the primary process. */
export interface ClusterMember {
  /** The number of this worker, from 0. */
  readonly number: number;
  /** The other workers, as the gateway sees them. */
  readonly peers: PurgePeers;
  /** The store of transfers, which the primary process has open. */
  readonly transferStore: TransferStore;
  /** The numbers of all workers. */
  readonly collectMetrics: () => Promise<MetricsSnapshot>;
  /** Tells the primary process the numbers of this worker whenever it needs them. */
  reportMetrics(snapshot: () => MetricsSnapshot): void;
  /** Resolves when the worker has to stop: the primary process says so, or a signal of its own does. */
  readonly stopped: Promise<void>;
  send(message: WorkerMessage): void;
  /** Sends a last message before the process exits. */
  sendLast(message: WorkerMessage): Promise<void>;
  /** Lets the process end with its exit code, although the channel is open. */
  leave(): void;
}

/**
 * Connects a worker with the primary process.
 *
 * @returns the connection; `undefined` in a process that is no worker
 */
export function joinCluster(): ClusterMember | undefined {
  if (!cluster.isWorker || process.env[WORKER_NUMBER] === undefined) return undefined;
  const stop = Promise.withResolvers<void>();
  const listeners: ((purged: PurgedKey) => void)[] = [];
  const pending = new Map<number, () => void>();
  const transfers = relayedTransfers((message) => void send(message));
  const metrics = relayedMetrics((message) => void send(message));
  let snapshot: (() => MetricsSnapshot) | undefined;
  const receive = (message: PrimaryMessage): void => {
    switch (message.type) {
      case 'stop':
        return stop.resolve();
      case 'done':
        return pending.get(message.id)?.();
      case 'measure':
        return void send({ type: 'measured', id: message.id, snapshot: snapshot?.() ?? EMPTY_SNAPSHOT });
      case 'metrics':
        return metrics.receive(message.id, message.snapshot);
      case 'transfers':
        return transfers.receive(message.id, message.result);
      case 'purge':
        for (const listener of listeners) listener(message.purged);
        return void send({ type: 'done', id: message.id });
    }
  };
  process.on('message', (message: unknown) => {
    if (!isEnvelope<PrimaryMessage>(message)) return;
    receive(message.rangeway);
  });
  // A terminal signals all its processes. The primary process decides.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  process.once('SIGTERM', () => stop.resolve());
  return {
    number: Number(process.env[WORKER_NUMBER]),
    peers: {
      publish: (purged) => publish(purged, pending),
      subscribe: (listener) => void listeners.push(listener),
    },
    transferStore: transfers.store,
    collectMetrics: () => metrics.collect(),
    reportMetrics(own) {
      snapshot = own;
    },
    stopped: stop.promise,
    send: (message) => void send(message),
    sendLast: send,
    leave: () => process.channel?.unref(),
  };
}

/** @returns resolves when the message is handed to the system, or can't be */
async function send(message: WorkerMessage): Promise<void> {
  const envelope: Envelope<WorkerMessage> = { rangeway: message };
  if (!process.connected) return;
  await new Promise<void>((resolve) => process.send?.(envelope, undefined, undefined, () => resolve()));
}

let lastId = 0;

async function publish(purged: PurgedKey, pending: Map<number, () => void>): Promise<void> {
  const id = ++lastId;
  const done = new Promise<void>((resolve, reject) => {
    pending.set(id, resolve);
    setTimeout(
      () => reject(new Error(`not all workers have purged within ${PURGE_TIMEOUT} ms`)),
      PURGE_TIMEOUT,
    ).unref();
  });
  void send({ type: 'purge', id, purged });
  try {
    await done;
  } finally {
    pending.delete(id);
  }
}

/**
 * Returns the part of a limit that one of several workers has. The parts add up to the limit.
 *
 * @param limit of all workers together, at least one for each
 * @param number of the worker, from 0
 */
export function shareOf(limit: number, number: number, count: number): number {
  return Math.floor(limit / count) + (number < limit % count ? 1 : 0);
}
