import { storedBytes, type StoredBytes } from './stored-bytes.ts';

/** The bytes of a download, stored by a worker. */
export interface WorkerStorage extends StoredBytes {
  /** Ends the worker. */
  terminate(): void;
}

/** A call of a page to its worker, by the names of {@link StoredBytes}. */
type Call =
  | { readonly type: 'open' | 'sync' | 'empty' | 'close' }
  | { readonly type: 'write'; readonly position: number; readonly length: number; readonly buffer: ArrayBuffer }
  | { readonly type: 'prepare'; readonly algorithm: Algorithm; readonly end: number }
  | { readonly type: 'digest'; readonly algorithm: Algorithm; readonly size: number }
  | { readonly type: 'sha256'; readonly start: number; readonly end: number };

type Algorithm = Parameters<StoredBytes['digest']>[0];

type ToWorker =
  | { readonly type: 'start'; readonly id: string }
  | { readonly type: 'call'; readonly number: number; readonly call: Call };

/** The messages of a worker to its page. */
type ToPage =
  | { readonly type: 'ready' }
  | { readonly type: 'reply'; readonly number: number; readonly reply: Reply }
  | { readonly type: 'failed'; readonly number: number; readonly problem: Problem };

/** An error as a plain value: not each browser passes on the cause of an error. */
interface Problem {
  readonly name: string;
  readonly message: string;
  readonly cause: Problem | undefined;
}

/** The value of a call. */
interface Reply {
  readonly length?: number;
  readonly digest?: string;
  readonly sha256?: Uint8Array;
  /** The memory of a write goes back to the page, which fills it again. */
  readonly buffer?: ArrayBuffer;
}

/** The least length of the memory of a write, in bytes. */
const BUFFER_LENGTH = 1024 * 1024;

/**
 * Stores the bytes of a download by a worker, where files are written in place and a digest does not stop the page.
 *
 * @param startWorker starts a worker that calls {@link serveStorage}
 * @param id of the download's record
 * @returns `undefined` if the browser or a policy of the page refuses the worker
 */
export async function workerStorage(startWorker: () => Worker, id: string): Promise<WorkerStorage | undefined> {
  const worker = await start(startWorker);
  if (worker === undefined) return undefined;
  const { call, send } = caller(worker);
  /** New memory for each write is collected late, and not at all while a page is busy. */
  const spare: ArrayBuffer[] = [];
  const post = (message: ToWorker) => worker.postMessage(message, {});
  post({ type: 'start', id });

  return {
    open: async () => (await call({ type: 'open' })).length ?? 0,
    async write(position, bytes) {
      const { length } = bytes;
      const last = spare.pop();
      const fits = last !== undefined && last.byteLength >= length;
      const buffer = fits ? last : new ArrayBuffer(Math.max(BUFFER_LENGTH, length));
      new Uint8Array(buffer).set(bytes);
      const reply = await call({ type: 'write', position, length, buffer }, [buffer]);
      if (reply.buffer !== undefined) spare.push(reply.buffer);
    },
    sync: async () => void (await call({ type: 'sync' })),
    empty: async () => void (await call({ type: 'empty' })),
    close: async () => void (await call({ type: 'close' })),
    prepareDigest: (algorithm, end) => send({ type: 'prepare', algorithm, end }),
    digest: async (algorithm, size) => (await call({ type: 'digest', algorithm, size })).digest ?? '',
    sha256: async (from, end) => (await call({ type: 'sha256', start: from, end })).sha256 ?? new Uint8Array(),
    terminate: () => worker.terminate(),
  };
}

/** Returns `undefined` if there is no worker, because a policy or an old browser refuses it. */
async function start(startWorker: () => Worker): Promise<Worker | undefined> {
  try {
    const worker = startWorker();
    const isReady = await new Promise<boolean>((resolve) => {
      worker.addEventListener('message', () => resolve(true), { once: true });
      worker.addEventListener('error', () => resolve(false), { once: true });
    });
    return isReady ? worker : undefined;
  } catch {
    return undefined;
  }
}

/** Makes the functions that call a worker, with a reply and without one. */
function caller(worker: Worker) {
  const open = new Map<number, PromiseWithResolvers<Reply>>();
  let calls = 0;
  let broken: Error | undefined;

  worker.addEventListener('message', ({ data }: MessageEvent<ToPage>) => {
    if (data.type === 'ready') return;
    const asked = open.get(data.number);
    open.delete(data.number);
    if (data.type === 'reply') asked?.resolve(data.reply);
    else asked?.reject(toError(data.problem));
  });
  worker.addEventListener('error', ({ message }) => {
    broken = new Error(`the worker has failed: ${message}`);
    for (const { reject } of open.values()) reject(broken);
    open.clear();
  });

  function send(call: Call, transfer: Transferable[] = []): number {
    const message: ToWorker = { type: 'call', number: calls++, call };
    worker.postMessage(message, { transfer });
    return message.number;
  }

  return {
    send,
    call: (call: Call, transfer?: Transferable[]): Promise<Reply> => {
      if (broken !== undefined) return Promise.reject(broken);
      const reply = Promise.withResolvers<Reply>();
      open.set(send(call, transfer), reply);
      return reply.promise;
    },
  };
}

/** Stores the bytes of a page's download, in a worker that the page has started. */
export function serveStorage(): void {
  let stored: StoredBytes | undefined;
  addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
    if (data.type === 'start') stored = storedBytes(data.id);
    else if (stored !== undefined) void answer(stored, data.number, data.call);
  });
  sendToPage({ type: 'ready' });
}

async function answer(stored: StoredBytes, number: number, call: Call): Promise<void> {
  try {
    const reply = await perform(stored, call);
    sendToPage({ type: 'reply', number, reply }, reply.buffer === undefined ? [] : [reply.buffer]);
  } catch (error) {
    sendToPage({ type: 'failed', number, problem: toProblem(error) });
  }
}

function toProblem(error: unknown): Problem {
  if (!(error instanceof Error)) return { name: 'Error', message: 'unknown error', cause: undefined };
  const { name, message, cause } = error;
  return { name, message, cause: cause === undefined ? undefined : toProblem(cause) };
}

function toError({ name, message, cause }: Problem): Error {
  const error = new Error(message, { cause: cause === undefined ? undefined : toError(cause) });
  error.name = name;
  return error;
}

async function perform(stored: StoredBytes, call: Call): Promise<Reply> {
  switch (call.type) {
    case 'open':
      return { length: await stored.open() };
    case 'write':
      await stored.write(call.position, new Uint8Array(call.buffer, 0, call.length));
      return { buffer: call.buffer };
    case 'sync':
    case 'empty':
    case 'close':
      await stored[call.type]();
      return {};
    case 'prepare':
      stored.prepareDigest(call.algorithm, call.end);
      return {};
    case 'digest':
      return { digest: await stored.digest(call.algorithm, call.size) };
    case 'sha256':
      return { sha256: await stored.sha256(call.start, call.end) };
  }
}

function sendToPage(message: ToPage, transfer: Transferable[] = []): void {
  postMessage(message, { transfer });
}
