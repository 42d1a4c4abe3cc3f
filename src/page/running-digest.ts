import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { toHex } from '../base/hex.ts';
import type { ReprDigest } from '../client/repr-digest.ts';

type Algorithm = ReprDigest['algorithm'];

/** A digest that is computed beside a download, from the first byte on. */
export interface RunningDigest {
  /** Hashes up to `end`, all bytes before which are written, in the background. */
  prepare(algorithm: Algorithm, end: number): void;
  /** Returns the digest of the first `size` bytes, in lower-case hexadecimal digits. */
  of(algorithm: Algorithm, size: number): Promise<string>;
  /** Bytes from this position on are written: a digest that has read them already begins again. */
  noteWrite(position: number): void;
  /** Ends and forgets all hashing, and waits for a read in progress. */
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
 * Makes a digest over the bytes that `read` fills a place with. It is computed in JavaScript: WebCrypto takes no parts,
 * and a policy without `wasm-unsafe-eval` forbids WebAssembly.
 */
export function runningDigest(read: (start: number, place: Uint8Array) => Promise<void>): RunningDigest {
  let state: HashState | undefined;
  /** One call hashes at a time, since all read into the same memory. */
  let working: Promise<void> = Promise.resolve();
  let memory = new Uint8Array(0);
  /** The number of stops: hashing ends when it has changed. */
  let stops = 0;

  async function advance(algorithm: Algorithm, end: number, own: number): Promise<void> {
    if (memory.length === 0) memory = new Uint8Array(STEP);
    for (;;) {
      if (stops !== own) throw new Error('the digest was stopped');
      if (state?.algorithm !== algorithm || state.position > end) state = begin(algorithm);
      const current = state;
      if (current.position >= end) return;
      const place = memory.subarray(0, Math.min(end - current.position, STEP));
      await read(current.position, place);
      // If a write came between, these bytes may be old ones, and the digest begins again.
      if (state !== current) continue;
      current.hash.update(place);
      current.position += place.length;
    }
  }

  function inTurn(algorithm: Algorithm, end: number): Promise<void> {
    const own = stops;
    const done = working.then(() => advance(algorithm, end, own));
    working = done.catch(() => void (state = undefined));
    return done;
  }

  let isPreparing = false;
  return {
    prepare(algorithm, end) {
      if (isPreparing) return;
      isPreparing = true;
      void inTurn(algorithm, end)
        .catch(() => undefined)
        .finally(() => void (isPreparing = false));
    },
    async of(algorithm, size) {
      await inTurn(algorithm, size);
      return toHex(state?.hash.clone().digest() ?? new Uint8Array());
    },
    noteWrite(position) {
      if (state !== undefined && position < state.position) state = undefined;
    },
    async stop() {
      stops++;
      state = undefined;
      await working;
    },
  };
}

function begin(algorithm: Algorithm): HashState {
  const hash = algorithm === 'sha-256' ? sha256.create() : sha512.create();
  return { algorithm, hash, position: 0 };
}
