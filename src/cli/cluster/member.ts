import cluster from 'node:cluster';
import type { PurgedKey, PurgePeers } from '../../gateway/handlers/purge.ts';
import type { TransferStore } from '../../transfers/transfer-store.ts';
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
  /** Resolves when the worker has to stop: the primary process says so, or a signal of its own does. */
  readonly stopped: Promise<void>;
  send(message: WorkerMessage): void;
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
  const transfers = relayedTransfers(send);
  const receive = (message: PrimaryMessage): void => {
    switch (message.type) {
      case 'stop':
        return stop.resolve();
      case 'done':
        return pending.get(message.id)?.();
      case 'transfers':
        return transfers.receive(message.id, message.result);
      case 'purge':
        for (const listener of listeners) listener(message.purged);
        return send({ type: 'done', id: message.id });
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
    stopped: stop.promise,
    send,
    leave: () => process.channel?.unref(),
  };
}

function send(message: WorkerMessage): void {
  const envelope: Envelope<WorkerMessage> = { rangeway: message };
  if (process.connected) process.send?.(envelope, undefined, undefined, () => undefined);
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
  send({ type: 'purge', id, purged });
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
