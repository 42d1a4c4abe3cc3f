import type { WorkerMessage } from './messages.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Handles a message of a worker. Other messages than those of purges are ignored. */
export type PurgeRelay = (message: WorkerMessage, from: WorkerProcess) => void;

type PurgeRequest = Extract<WorkerMessage, { readonly type: 'purge' }>;

/**
 * Creates the part of the primary process that passes the purges of a worker on to all others. The worker is told that
 * its purge is done when each of the others has done it or has ended: the successor of a worker has nothing cached.
 *
 * @param workers returns all workers that run
 */
export function purgeRelay(workers: () => Iterable<WorkerProcess>): PurgeRelay {
  const pending = new Map<number, () => void>();
  let lastId = 0;

  const purgeIn = async (worker: WorkerProcess, purged: PurgeRequest['purged']) => {
    const id = ++lastId;
    const done = new Promise<void>((resolve) => pending.set(id, resolve));
    worker.send({ type: 'purge', id, purged });
    await Promise.race([done, worker.ended]);
    pending.delete(id);
  };
  const purgeInOthers = async ({ id, purged }: PurgeRequest, from: WorkerProcess) => {
    const others = [...workers()].filter((worker) => worker !== from);
    await Promise.all(others.map((worker) => purgeIn(worker, purged)));
    from.send({ type: 'done', id });
  };

  return (message, from) => {
    if (message.type === 'done') pending.get(message.id)?.();
    if (message.type === 'purge') void purgeInOthers(message, from);
  };
}
