import { downloadError } from '../client/download-error.ts';
import type { Sink } from '../client/sink.ts';
import { segmentFiles } from './segment-files.ts';
import { storedBytes, type StoredBytes } from './stored-bytes.ts';

/** Where a download in a browser goes. */
export interface BrowserSinkOptions {
  /** Of the download's record. */
  readonly id: string;
  /** Stores the bytes. By default this page, or this worker. */
  readonly stored?: StoredBytes | undefined;
  /**
   * Puts the complete file into its place. If it resolves to true, the bytes are there, and the copy in the private file
   * system is removed.
   */
  readonly deliver: (file: Blob) => Promise<boolean>;
}

/**
 * Keeps the bytes of a download in the origin's private file system, where they survive the end of the tab, and delivers
 * them when they are complete. Needs a secure context.
 */
export function browserSink({ id, stored = storedBytes(id), deliver }: BrowserSinkOptions): Sink {
  let isDelivered = false;
  return {
    isSequential: false,
    open: () => stored.open(),
    write: (position, bytes) => explained(stored.write(position, bytes)),
    sync: () => explained(stored.sync()),
    empty: () => stored.empty(),
    prepareDigest: (algorithm, end) => stored.prepareDigest(algorithm, end),
    digest: (algorithm, size, signal) => Promise.race([stored.digest(algorithm, size), rejectedBy(signal)]),
    sha256: (start, end) => stored.sha256(start, end),
    async finish(size) {
      await explained(stored.close());
      const file = await segmentFiles(id).toBlob();
      if (file.size !== size) throw new Error(`${file.size} bytes are stored, and not ${size}`);
      isDelivered = await explained(deliver(file));
    },
    async close() {
      await (isDelivered ? stored.empty() : stored.close()).catch(() => undefined);
    },
  };
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('the download has ended')), { once: true });
  });
}

/** Explains the errors of a browser that need an action of the user. */
async function explained<Value>(work: Promise<Value>): Promise<Value> {
  try {
    return await work;
  } catch (error) {
    if (!isQuotaError(error)) throw error;
    const reason =
      'the storage of this browser is full. Free some space, then resume: the download goes on where it was';
    throw downloadError({ code: 'disk', reason, cause: error });
  }
}

function isQuotaError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === 'QuotaExceededError' || isQuotaError(error.cause);
}
