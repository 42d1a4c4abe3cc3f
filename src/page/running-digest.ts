import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { toHex } from '../base/hex.ts';
import type { ReprDigest } from '../client/repr-digest.ts';

type Algorithm = ReprDigest['algorithm'];

/** A digest that is computed beside a download, from the first byte on. */
export interface RunningDigest {
  /** Hashes up to `end`, all bytes before which are written, in the background. */
  prepare(algorithm: Algorithm, end: number): void;
  /** Returns the digest of the first `size` bytes, in lower-case hexadecimal digits. */
  of(algorithm: Algorithm, size: number, signal: AbortSignal): Promise<string>;
  /** Bytes from this position on are written: a digest that has read them already begins again. */
  noteWrite(position: number): void;
  /** Forgets all that was hashed, and waits for a read in progress. */
  stop(): Promise<void>;
}

/** Bytes that are hashed in one go: some 6 ms, so that the page stays responsive. */
const STEP = 1024 * 1024;

interface HashState {
  readonly algorithm: Algorithm;
  readonly hash: ReturnType<typeof sha256.create> | ReturnType<typeof sha512.create>;
  position: number;
}

/**
 * Makes a digest over the bytes that `read` returns. It is computed in JavaScript: WebCrypto takes no parts, and a policy
 * without `wasm-unsafe-eval` forbids WebAssembly.
 */
export function runningDigest(read: (start: number, end: number) => Promise<Uint8Array>): RunningDigest {
  let state: HashState | undefined;
  let working: Promise<void> = Promise.resolve();

  async function advance(algorithm: Algorithm, end: number, signal?: AbortSignal): Promise<void> {
    if (state?.algorithm !== algorithm || state.position > end) state = begin(algorithm);
    const own = state;
    if (own.position >= end) return;
    signal?.throwIfAborted();
    const bytes = await read(own.position, Math.min(end, own.position + STEP));
    // If a write came between, these bytes may be old ones, and the digest begins again.
    if (state === own) {
      own.hash.update(bytes);
      own.position += bytes.length;
    }
    await advance(algorithm, end, signal);
  }

  let isPreparing = false;
  return {
    prepare(algorithm, end) {
      if (isPreparing) return;
      isPreparing = true;
      working = advance(algorithm, end)
        .catch(() => void (state = undefined))
        .finally(() => void (isPreparing = false));
    },
    async of(algorithm, size, signal) {
      await working;
      await advance(algorithm, size, signal);
      return toHex(state?.hash.clone().digest() ?? new Uint8Array());
    },
    noteWrite(position) {
      if (state !== undefined && position < state.position) state = undefined;
    },
    async stop() {
      state = undefined;
      await working;
      state = undefined;
    },
  };
}

function begin(algorithm: Algorithm): HashState {
  const hash = algorithm === 'sha-256' ? sha256.create() : sha512.create();
  return { algorithm, hash, position: 0 };
}
