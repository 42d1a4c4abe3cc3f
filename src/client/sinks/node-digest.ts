import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import type { ReprDigest } from '../repr-digest.ts';
import type { DigestFile, DigestRequest, DigestResponse } from './node-digest-worker.ts';

/** Computes the digest of a file. */
export interface FileDigest {
  /** Begins to compute it, of the first `end` bytes, in a thread beside the download. */
  prepare(algorithm: ReprDigest['algorithm'], end: number): void;
  /** Bytes from `position` on are about to be written. If they were read for the digest already, it begins again. */
  noteWrite(position: number): void;
  /** Returns the digest of the first `size` bytes in hexadecimal digits. Rejects if the file is shorter. */
  of(algorithm: ReprDigest['algorithm'], size: number, signal: AbortSignal): Promise<string>;
  /** Ends the thread. The file can be closed afterwards. */
  stop(): Promise<void>;
}

/** A thread costs its start, and a few MiB. Smaller files are faster without. */
const LEAST_PREPARED = 8 * 1024 * 1024;

/** Makes the digest of a file that is open, and that is being written. */
export function fileDigest(handle: FileHandle): FileDigest {
  let thread: DigestThread | undefined;
  /** Threads that are ending: the file must not be closed while they read it. */
  const ending = new Set<Promise<unknown>>();

  function end(): void {
    if (thread === undefined) return;
    const stopped = thread.stop().finally(() => ending.delete(stopped));
    ending.add(stopped);
    thread = undefined;
  }

  return {
    prepare(algorithm, prepared) {
      if (prepared < LEAST_PREPARED || (thread !== undefined && thread.algorithm !== algorithm)) return;
      thread ??= startThread(handle.fd, algorithm);
      thread.advance(prepared);
    },
    noteWrite(position) {
      if (thread !== undefined && position < thread.end()) end();
    },
    async of(algorithm, size, signal) {
      const prepared = thread?.algorithm === algorithm ? await thread.whole(size, signal) : undefined;
      return prepared ?? readDigest(handle, algorithm, size, signal);
    },
    async stop() {
      end();
      await Promise.all(ending);
    },
  };
}

interface DigestThread {
  readonly algorithm: ReprDigest['algorithm'];
  /** The end of the bytes that it has been told of. */
  end(): number;
  advance(end: number): void;
  /** Returns the digest, or `undefined` if the thread failed. */
  whole(size: number, signal: AbortSignal): Promise<string | undefined>;
  stop(): Promise<unknown>;
}

/** The file of the thread stands beside this one, compiled or not. */
const FILE = new URL(`./node-digest-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);

function startThread(fd: number, algorithm: ReprDigest['algorithm']): DigestThread {
  const workerData: DigestFile = { fd, algorithm: hashName(algorithm) };
  const worker = new Worker(FILE, { workerData, resourceLimits: { maxOldGenerationSizeMb: 32 } });
  const { promise, resolve } = Promise.withResolvers<DigestResponse>();
  let told = 0;
  worker.once('message', (response: DigestResponse) => resolve(response));
  // A bundle may lack the file of the thread. Then the digest is computed here, at the end.
  worker.once('error', () => resolve(undefined));
  worker.once('exit', () => resolve(undefined));
  worker.unref();
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has none
  const tell = (request: DigestRequest) => worker.postMessage(request);
  return {
    algorithm,
    end: () => told,
    advance(end) {
      if (end <= told) return;
      told = end;
      tell({ end, isWhole: false });
    },
    async whole(size, signal) {
      const stop = () => void worker.terminate();
      signal.addEventListener('abort', stop, { once: true });
      worker.ref();
      told = Math.max(told, size);
      tell({ end: size, isWhole: true });
      const digest = await promise.finally(() => signal.removeEventListener('abort', stop));
      signal.throwIfAborted();
      return digest;
    },
    stop: () => worker.terminate(),
  };
}

function hashName(algorithm: ReprDigest['algorithm']): string {
  return algorithm === 'sha-512' ? 'sha512' : 'sha256';
}

/** Bytes that are read at once. */
const BLOCK = 1024 * 1024;

async function readDigest(
  handle: FileHandle,
  algorithm: ReprDigest['algorithm'],
  size: number,
  signal: AbortSignal,
): Promise<string> {
  const hash = createHash(hashName(algorithm));
  const block = Buffer.allocUnsafe(BLOCK);
  for (let position = 0; position < size;) {
    signal.throwIfAborted();
    const { bytesRead } = await handle.read(block, 0, Math.min(BLOCK, size - position), position);
    if (bytesRead === 0) throw new Error('the file is shorter than it was: another program has changed it');
    hash.update(block.subarray(0, bytesRead));
    position += bytesRead;
  }
  return hash.digest('hex');
}
