import type { DownloadProgress } from '../client/download.ts';
import { downloadError, isDownloadError, type Failure } from '../client/download-error.ts';
import type { DownloadResult } from '../client/engine-types.ts';
import { runDownload, type RunDownload, type RunRequest } from './run-download.ts';

/** The messages of a page to its worker. */
type ToWorker =
  | { readonly type: 'start'; readonly id: string; readonly url: string }
  | { readonly type: 'abort' }
  | { readonly type: 'refreshed'; readonly url: string }
  | { readonly type: 'delivered'; readonly isDelivered: boolean }
  | { readonly type: 'refused'; readonly reason: string };

/** The messages of a worker to its page. */
type ToPage =
  | { readonly type: 'ready' }
  | { readonly type: 'progress'; readonly progress: DownloadProgress }
  | { readonly type: 'unresumable' }
  | { readonly type: 'refresh' }
  | { readonly type: 'deliver'; readonly file: Blob }
  | { readonly type: 'done'; readonly result: DownloadResult }
  | { readonly type: 'failed'; readonly failure: Failure };

/**
 * Runs downloads in a worker: files are written in place there, a digest does not stop the page, and the timers of a page
 * in the background do not slow it down. Where the browser starts no worker, a download runs in the page.
 *
 * @param startWorker starts a worker that calls {@link serveDownloads}
 */
export function workerRunner(startWorker: () => Worker): RunDownload {
  return async (request) => {
    const worker = await start(startWorker);
    if (worker === undefined) return runDownload(request);
    try {
      return await converse(worker, request);
    } finally {
      worker.terminate();
    }
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

function converse(worker: Worker, request: RunRequest): Promise<DownloadResult> {
  const { id, url, signal } = request;
  const ended = new AbortController();
  const send = (message: ToWorker) => worker.postMessage(message, {});
  const { promise, resolve, reject } = Promise.withResolvers<DownloadResult>();

  function take(message: ToPage): void {
    switch (message.type) {
      case 'ready':
        return;
      case 'progress':
        return request.onProgress(message.progress);
      case 'unresumable':
        return request.onUnresumable();
      case 'refresh':
        return void request.refresh(ended.signal).then(
          (fresh) => send({ type: 'refreshed', url: fresh }),
          (error: unknown) => send({ type: 'refused', reason: reasonOf(error) }),
        );
      case 'deliver':
        return void request.deliver(message.file).then(
          (isDelivered) => send({ type: 'delivered', isDelivered }),
          (error: unknown) => send({ type: 'refused', reason: reasonOf(error) }),
        );
      case 'done':
        return resolve(message.result);
      case 'failed':
        return reject(downloadError(message.failure));
    }
  }

  worker.addEventListener('message', ({ data }: MessageEvent<ToPage>) => take(data), ended);
  worker.addEventListener('error', ({ message }) => reject(localFailure(message)), ended);
  signal.addEventListener('abort', () => send({ type: 'abort' }), ended);
  send({ type: 'start', id, url });
  if (signal.aborted) send({ type: 'abort' });
  return promise.finally(() => ended.abort());
}

function sendToPage(message: ToPage): void {
  postMessage(message, {});
}

/** Runs the download of a page that has started this worker by {@link workerRunner}. */
export function serveDownloads(): void {
  const aborted = new AbortController();
  /** At most one question to the page is open: the engine waits for a fresh address, and for the delivery at the end. */
  let answer: { resolve(message: ToWorker): void } | undefined;

  function ask(question: ToPage): Promise<ToWorker> {
    const { promise, resolve } = Promise.withResolvers<ToWorker>();
    answer = { resolve };
    sendToPage(question);
    return promise;
  }

  async function run(id: string, url: string): Promise<void> {
    try {
      const result = await runDownload({
        id,
        url,
        signal: aborted.signal,
        async refresh() {
          const message = await ask({ type: 'refresh' });
          if (message.type !== 'refreshed') throw new Error(refusal(message));
          return message.url;
        },
        async deliver(file) {
          const message = await ask({ type: 'deliver', file });
          if (message.type !== 'delivered') throw new Error(refusal(message));
          return message.isDelivered;
        },
        onProgress: (progress) => sendToPage({ type: 'progress', progress }),
        onUnresumable: () => sendToPage({ type: 'unresumable' }),
      });
      sendToPage({ type: 'done', result });
    } catch (error) {
      sendToPage({ type: 'failed', failure: toMessage(error) });
    }
  }

  addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
    switch (data.type) {
      case 'start':
        return void run(data.id, data.url);
      case 'abort':
        return aborted.abort();
      case 'refreshed':
      case 'delivered':
      case 'refused':
        return answer?.resolve(data);
    }
  });
  sendToPage({ type: 'ready' });
}

/** A cause may be a value that can't be passed to a page. */
function toMessage(error: unknown): Failure {
  const { failure } = isDownloadError(error) ? error : localFailure(reasonOf(error));
  return failure.code === 'disk' ? { ...failure, cause: undefined } : failure;
}

function localFailure(reason: string) {
  return downloadError({ code: 'disk', reason, cause: undefined });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown error';
}

function refusal(message: ToWorker): string {
  return message.type === 'refused' ? message.reason : 'the page has answered something else';
}
