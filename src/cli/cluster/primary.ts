import cluster from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import { say } from '../say.ts';
import { metricsRelay } from './metrics-relay.ts';
import { purgeRelay } from './purge-relay.ts';
import type { TransferStore } from '../../transfers/transfer-store.ts';
import { transferRelay } from './transfer-relay.ts';
import { startWorker, type WorkerProcess } from './worker-process.ts';

/** A worker that ends sooner than this after its start is replaced after a longer pause, in ms. */
const SHORT_LIFE = 5_000;

/** The pause before a worker is replaced, in ms. After each short life it is twice as long. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5_000;

/** A worker that is still there so long after its own limit does not respond, in ms; it is killed. */
const KILL_DELAY = 2_000;

/** How often old transfers are deleted, in ms. */
const MAINTENANCE_TIME = 60_000;

/** Options of {@link runPrimary}. */
export interface PrimaryOptions {
  /** The number of workers. */
  readonly count: number;
  /** How long requests in progress may take after a signal, in ms. The workers keep this limit themselves. */
  readonly stopLimit: number;
  /** Opened here alone; the workers call it through this process. */
  readonly transferStore?: TransferStore | undefined;
  /** Resolves when the command has to stop. */
  readonly stopped: Promise<void>;
  /** Called once all workers listen, with the address and the name of the store. */
  readonly onListening: (url: string, name: string) => void;
  /** Called once all workers accept no more requests, with the number of requests in progress. */
  readonly onStopping: (inProgress: number) => void;
}

/**
 * Runs this command in several worker processes behind one port, until it has to stop. A worker that ends is replaced;
 * a purge reaches all workers; their logs become one.
 *
 * @returns the exit code: that of the first worker if it can't start, else 0
 */
export async function runPrimary(options: PrimaryOptions): Promise<number> {
  const { count, stopped, onListening } = options;
  // Standard error is inherited: a message is one write.
  cluster.setupPrimary({ stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  // The reader of the log may exit, and downloads continue.
  process.stdout.on('error', () => undefined);
  const running = new Set<WorkerProcess>();
  const purges = purgeRelay(() => running);
  const metrics = metricsRelay(() => running);
  const { transferStore } = options;
  const transfers = transferStore && transferRelay(transferStore);
  const maintenance = setInterval(() => {
    transferStore?.maintain(Date.now()).catch((error: unknown) => console.error(error));
  }, MAINTENANCE_TIME);
  const stopping = new AbortController();
  const start = (number: number): WorkerProcess => {
    const worker = startWorker(
      number,
      (lines) => void process.stdout.write(lines),
      (message, from) => {
        purges(message, from);
        metrics.handle(message, from);
        transfers?.handle(message, from);
      },
    );
    running.add(worker);
    void worker.ended.then(() => {
      running.delete(worker);
      metrics.leave(worker);
      transfers?.leave(worker);
    });
    return worker;
  };

  const first = start(0);
  const started = await Promise.race([first.listening, first.ended, stopped.then(() => undefined)]);
  // The first worker has told why. The others start after it, so that a mistake is told once.
  if (started?.type === 'ended') return started.code ?? 1;
  if (started !== undefined) {
    const workers = [first, ...Array.from({ length: count - 1 }, (_, i) => start(i + 1))];
    for (const [number, worker] of workers.entries()) void supervise(worker, () => start(number), stopping.signal);
    await Promise.race([stopped, Promise.all(workers.map(({ listening, ended }) => Promise.race([listening, ended])))]);
    onListening(started.url, started.name);
    await stopped;
  }
  stopping.abort();
  await stopAll(running, options);
  clearInterval(maintenance);
  await transferStore?.close();
  return 0;
}

/** Replaces a worker that has ended, and each of its successors. */
async function supervise(first: WorkerProcess, restart: () => WorkerProcess, stopping: AbortSignal): Promise<void> {
  let pause = FIRST_PAUSE;
  for (let worker = first; ; worker = restart()) {
    const startTime = Date.now();
    const { code, signal } = await worker.ended;
    if (stopping.aborted) return;
    pause = Date.now() - startTime < SHORT_LIFE ? Math.min(2 * pause, LONGEST_PAUSE) : FIRST_PAUSE;
    say(`worker ${worker.pid} ended (${signal ?? `exit code ${code}`}); another one takes its place`);
    await sleep(pause);
    if (stopping.aborted) return;
  }
}

async function stopAll(running: Iterable<WorkerProcess>, { stopLimit, onStopping }: PrimaryOptions): Promise<void> {
  const workers = [...running];
  for (const worker of workers) worker.send({ type: 'stop' });
  const all = Promise.all(workers.map(({ ended }) => ended));
  const counts = workers.map(async ({ stopping, ended }) => {
    const message = await Promise.race([stopping, ended]);
    return message.type === 'stopping' ? message.inProgress : 0;
  });
  onStopping((await Promise.all(counts)).reduce((sum, count) => sum + count, 0));
  const kill = setTimeout(() => {
    for (const worker of workers) worker.kill();
  }, stopLimit + KILL_DELAY);
  await all;
  clearTimeout(kill);
}
