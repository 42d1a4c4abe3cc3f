import { downloadError } from '../client/download-error.ts';
import type { Sink } from '../client/sink.ts';
import { runningDigest } from './running-digest.ts';
import { handleSegments, hasAccessHandles } from './handle-segments.ts';
import { segmentFiles } from './segment-files.ts';
import { streamSegments } from './stream-segments.ts';

/** Where a download in a browser goes. */
export interface BrowserSinkOptions {
  /** Of the download's record. */
  readonly id: string;
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
export function browserSink({ id, deliver }: BrowserSinkOptions): Sink {
  const files = segmentFiles(id);
  const stored = hasAccessHandles() ? handleSegments(files) : streamSegments(files);
  const digest = runningDigest((start, end) => stored.read(start, end));
  let isDelivered = false;
  return {
    isSequential: false,
    open: () => stored.open(),
    async write(position, bytes) {
      digest.noteWrite(position);
      await explained(stored.write(position, bytes));
    },
    sync: () => explained(stored.sync()),
    async empty() {
      await digest.stop();
      await stored.empty();
    },
    prepareDigest: (algorithm, end) => digest.prepare(algorithm, end),
    digest: (algorithm, size, signal) => digest.of(algorithm, size, signal),
    read: (start, end) => stored.read(start, end),
    async finish(size) {
      await explained(stored.close());
      const file = await files.toBlob();
      if (file.size !== size) throw new Error(`${file.size} bytes are stored, and not ${size}`);
      isDelivered = await explained(deliver(file));
    },
    async close() {
      await digest.stop();
      await (isDelivered ? stored.empty() : stored.close()).catch(() => undefined);
    },
  };
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
