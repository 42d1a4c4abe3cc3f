import { semaphore } from '../base/semaphore.ts';
import type { DownloadProgress } from '../client/download.ts';
import { isDownloadError } from '../client/download-error.ts';
import type { DownloadResult } from '../client/engine-types.ts';
import { fromProgress, initialState, rateMeter, type DownloadState } from './download-state.ts';
import { changeRecord, findRecord, recordId, removeRecord } from './records.ts';
import type { RunRequest } from './run-download.ts';
import { chooseFile, mayWrite, saveToDownloads, writeTo } from './save-file.ts';
import { segmentFiles } from './segment-files.ts';
import { explainSpace, findSupport } from './support.ts';

/** A download of a page. */
export interface Controller {
  readonly state: () => DownloadState;
  /** Calls a function after each change of the state. Returns the function that ends it. */
  subscribe(listener: () => void): () => void;
  /** Reads what the browser remembers. */
  load(): Promise<void>;
  /** Begins or continues. Has to be called by a click, since it may ask for a file. */
  start(): Promise<void>;
  /** Ends the run of the download. The bytes that were written stay in the browser. */
  pause(): void;
  /** Continues with another address of the same file. */
  renew(url: string): void;
  /** Saves a complete file again. */
  save(): Promise<void>;
  /** Removes all that the browser keeps of it. */
  remove(): Promise<void>;
}

/** Which file, and the events that the page around it may answer. */
export interface ControllerOptions {
  readonly url: string;
  readonly name: string;
  readonly runDownload: (request: Omit<RunRequest, 'startWorker'>) => Promise<DownloadResult>;
  /** Called when the server refuses the link. */
  readonly onExpired: () => void;
}

/** Downloads of one page run one after the other: each has several connections. */
const queue = semaphore(1);

const CHANGED = 'The file on the server changed, so the download began again.';
const NO_RESUME = 'This server cannot continue downloads of this file, so keep this page open until the end.';

/** Makes the download of an address. Nothing is requested before {@link Controller.start}. */
export function downloadController({ url, name, runDownload, onExpired }: ControllerOptions): Controller {
  const listeners = new Set<() => void>();
  let address = url;
  let state = initialState(name);
  let abort: AbortController | undefined;
  let renewed: ((url: string) => void) | undefined;

  const id = recordId(url);
  const files = segmentFiles(id);

  function change(next: Partial<DownloadState>): void {
    state = { ...state, ...next };
    for (const listener of listeners) listener();
  }

  function notice(sentence: string): void {
    if (!state.notices.includes(sentence)) change({ notices: [...state.notices, sentence] });
  }

  async function load(): Promise<void> {
    const support = await findSupport(id);
    if (support.type === 'no') return change({ status: 'unavailable', notices: [support.reason] });
    const { record } = support;
    if (record === undefined) return change({ status: 'idle' });
    const { complete, size, written = 0 } = record;
    if (complete !== undefined) {
      const { verification } = complete;
      return change({ status: 'complete', size: complete.size, written: complete.size, verification, isStored: true });
    }
    change({ status: 'paused', size, written });
  }

  /** Returns whether the download may begin. */
  async function choosePlace(): Promise<boolean> {
    const record = await findRecord(id);
    if (record !== undefined) {
      // Without the right, the file goes to the folder of downloads.
      if (record.handle !== undefined && !(await mayWrite(record.handle)))
        await changeRecord(id, { handle: undefined });
      return true;
    }
    const choice = await chooseFile(name);
    if (choice.type === 'cancelled') return false;
    await changeRecord(id, { name, ...(choice.type === 'file' ? { handle: choice.handle } : {}) });
    return true;
  }

  /** Puts a complete file into its place; false if it stays in the storage of the browser, from which it is saved. */
  async function deliver(file: Blob): Promise<boolean> {
    const handle = (await findRecord(id))?.handle;
    if (handle !== undefined) {
      try {
        await writeTo(handle, file);
        return true;
      } catch {
        notice('The file that you have chosen cannot be written, so the download is kept in the browser: save it.');
      }
    }
    const verification = { type: 'none', reason: 'the page was closed too early' } as const;
    await changeRecord(id, { complete: { size: file.size, verification } });
    return false;
  }

  function refresh(signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('the download has ended')), { once: true });
      renewed = resolve;
      change({ status: 'expired', rate: 0 });
      onExpired();
    });
  }

  async function run(signal: AbortSignal): Promise<void> {
    change({ status: 'running', trouble: undefined });
    const rate = rateMeter();
    let isSpaceChecked = false;
    const result = await runDownload({
      id,
      url: address,
      signal,
      refresh,
      deliver,
      onUnresumable: () => notice(NO_RESUME),
      onProgress(progress) {
        change(fromProgress(progress, rate(progress.received)));
        if (progress.restarts > 0) notice(CHANGED);
        if (progress.size === undefined || isSpaceChecked) return;
        isSpaceChecked = true;
        void checkSpace(progress, progress.size);
      },
    });
    await end(result);
  }

  async function checkSpace({ written }: DownloadProgress, size: number): Promise<void> {
    const sentence = await explainSpace(size - written);
    if (sentence === undefined) return;
    abort?.abort();
    notice(sentence);
  }

  async function end({ size, verification }: DownloadResult): Promise<void> {
    const record = await findRecord(id);
    const isStored = record?.complete !== undefined;
    if (isStored) await changeRecord(id, { complete: { size, verification } });
    else await removeRecord(id);
    change({ status: 'complete', size, written: size, verification, isStored, rate: 0, trouble: undefined });
    if (isStored) await save();
  }

  async function save(): Promise<void> {
    saveToDownloads(await files.toBlob(), name);
  }

  async function start(): Promise<void> {
    change({ notices: [] });
    try {
      if (!(await choosePlace())) return notice('No file was chosen, so nothing is downloaded.');
      abort = new AbortController();
      const { signal } = abort;
      change({ status: 'waiting' });
      await queue.run(() => (signal.aborted ? Promise.resolve() : run(signal)));
    } catch (error) {
      fail(error);
    } finally {
      abort = undefined;
    }
  }

  function fail(error: unknown): void {
    const ended = { rate: 0, connections: 0, trouble: undefined };
    if (isDownloadError(error) && error.failure.code === 'aborted') return change({ ...ended, status: 'paused' });
    change({ ...ended, status: 'failed' });
    notice(asSentence(error instanceof Error ? error.message : 'the download has failed'));
    if (isDownloadError(error) && error.failure.code === 'network') {
      addEventListener('online', () => void (state.status === 'failed' && start()), { once: true });
    }
  }

  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    load,
    start,
    pause() {
      abort?.abort();
      if (state.status === 'waiting') change({ status: 'paused' });
    },
    renew(next) {
      address = next;
      const resolve = renewed;
      renewed = undefined;
      if (resolve === undefined) return;
      change({ status: 'running' });
      resolve(next);
    },
    save,
    async remove() {
      await files.remove();
      await removeRecord(id);
      change({ ...initialState(name), status: 'idle' });
    },
  };
}

function asSentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
