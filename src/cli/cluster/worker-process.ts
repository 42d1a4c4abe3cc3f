import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { isEnvelope, WORKER_NUMBER, type Envelope, type PrimaryMessage, type WorkerMessage } from './messages.ts';

/** A worker as the primary process sees it. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  /** Resolves when it listens. */
  readonly listening: Promise<Extract<WorkerMessage, { readonly type: 'listening' }>>;
  /** Resolves when it accepts no more requests, with the number of requests in progress. */
  readonly stopping: Promise<Extract<WorkerMessage, { readonly type: 'stopping' }>>;
  /** Resolves when it has ended. */
  readonly ended: Promise<WorkerEnd>;
  /** Sends a message. One to a worker that has ended is dropped. */
  send(message: PrimaryMessage): void;
  kill(): void;
}

/** How a worker ended. */
export interface WorkerEnd {
  readonly type: 'ended';
  /** `null` if a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
}

/**
 * Starts a worker process with the arguments of this one.
 *
 * @param number of the worker, from 0
 * @param log receives its standard output, whole lines at a time
 * @param onMessage is called for each of its messages
 */
export function startWorker(
  number: number,
  log: (lines: string) => void,
  onMessage: (message: WorkerMessage, from: WorkerProcess) => void,
): WorkerProcess {
  const worker = cluster.fork({ [WORKER_NUMBER]: String(number) });
  forwardLines(worker.process.stdout, log);
  const listening = Promise.withResolvers<Extract<WorkerMessage, { readonly type: 'listening' }>>();
  const stopping = Promise.withResolvers<Extract<WorkerMessage, { readonly type: 'stopping' }>>();
  const self: WorkerProcess = {
    pid: worker.process.pid,
    listening: listening.promise,
    stopping: stopping.promise,
    ended: endOf(worker),
    send: (message) => {
      const envelope: Envelope<PrimaryMessage> = { rangeway: message };
      if (worker.isConnected()) worker.send(envelope, () => undefined);
    },
    kill: () => void worker.process.kill('SIGKILL'),
  };
  worker.on('message', (received: unknown) => {
    if (!isEnvelope<WorkerMessage>(received)) return;
    const message = received.rangeway;
    if (message.type === 'listening') listening.resolve(message);
    if (message.type === 'stopping') stopping.resolve(message);
    onMessage(message, self);
  });
  return self;
}

async function endOf(worker: Worker): Promise<WorkerEnd> {
  await once(worker, 'exit');
  return { type: 'ended', code: worker.process.exitCode, signal: worker.process.signalCode };
}

/** Passes on whole lines, so that the lines of two workers do not mix. A killed worker's last line may be cut off. */
function forwardLines(output: Readable | null, log: (lines: string) => void): void {
  let rest = '';
  output?.setEncoding('utf8');
  output?.on('data', (text: string) => {
    const end = text.lastIndexOf('\n') + 1;
    if (end > 0) log(rest + text.slice(0, end));
    rest = end > 0 ? text.slice(end) : rest + text;
  });
}
