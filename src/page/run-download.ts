import { startDownload, type DownloadProgress } from '../client/download.ts';
import type { DownloadResult } from '../client/engine-types.ts';
import { webFetcher, type Fetcher } from '../client/fetcher.ts';
import { browserJournal } from './browser-journal.ts';
import { browserSink } from './browser-sink.ts';
import { changeRecord } from './records.ts';
import { workerStorage } from './storage-worker.ts';

/** A run of a download, from a click to its end or its pause. */
export interface RunRequest {
  /** Of the download's record. */
  readonly id: string;
  readonly url: string;
  /** Starts a worker that stores the bytes. Without it, or where the browser refuses it, the page stores them. */
  readonly startWorker: (() => Worker) | undefined;
  /** Ends the run, and keeps the bytes that are there. */
  readonly signal: AbortSignal;
  /** Returns a fresh address of the same file. */
  readonly refresh: (signal: AbortSignal) => Promise<string>;
  /** Puts the complete file into its place. If it resolves to true, the stored bytes are removed. */
  readonly deliver: (file: Blob) => Promise<boolean>;
  readonly onProgress: (progress: DownloadProgress) => void;
  /** The first response can't be continued: it has no range, or no validator. */
  readonly onUnresumable: () => void;
}

/** A download waits out ten minutes without a network. */
const TRIES = 30;

/** Runs a download. Rejects with a DownloadError. */
export async function runDownload(request: RunRequest): Promise<DownloadResult> {
  const { id, url, startWorker, signal, refresh, deliver, onProgress, onUnresumable } = request;
  const worker = startWorker === undefined ? undefined : await workerStorage(startWorker, id);
  const download = startDownload(url, {
    sink: browserSink({ id, stored: worker, deliver }),
    journal: browserJournal(id),
    fetcher: observed(webFetcher(), onUnresumable),
    signal,
    refresh,
    tries: TRIES,
    onProgress,
  });
  try {
    return await download.done;
  } finally {
    worker?.terminate();
    const { size, written, phase } = download.progress;
    if (phase === 'failed' && size !== undefined) await changeRecord(id, { size, written }).catch(() => undefined);
  }
}

/** Calls a function if the first response can't be continued. */
function observed(fetcher: Fetcher, onUnresumable: () => void): Fetcher {
  let isFirst = true;
  return async (request) => {
    const response = await fetcher(request);
    const { status, fields } = response;
    if (isFirst && (status === 200 || status === 206)) {
      isFirst = false;
      const hasValidator = fields.get('ETag')?.startsWith('"') === true || fields.get('Last-Modified') !== null;
      if (status === 200 || !hasValidator) onUnresumable();
    }
    return response;
  };
}
