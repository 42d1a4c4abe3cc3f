import type { ReprDigest } from './repr-digest.ts';

/**
 * Where the bytes of a download go. `test/client/sink-contract.ts` is the definition. A rejection ends the download with
 * `disk`.
 */
export interface Sink {
  /** Whether bytes can only be appended, each once. Then there is one connection, and nothing can be taken back. */
  readonly isSequential: boolean;
  /** Opens what an earlier run has left. Returns its length in bytes; 0 if there is nothing. */
  open(): Promise<number>;
  /**
   * Writes bytes. Calls may overlap, for different bytes.
   *
   * @param position of the first byte
   * @param bytes are not changed until the promise is settled
   */
  write(position: number, bytes: Uint8Array): Promise<void>;
  /** Makes durable all that was written before the call. */
  sync(): Promise<void>;
  /** Removes all that was written. */
  empty(): Promise<void>;
  /** Returns the digest of the first `size` bytes, as lower-case hexadecimal digits. Without it, nothing is verified. */
  digest?(algorithm: ReprDigest['algorithm'], size: number, signal: AbortSignal): Promise<string>;
  /**
   * Begins to compute the digest of the first `end` bytes, all of which are written, beside the download. Called from
   * time to time, with an `end` that grows. `digest` takes less time then.
   */
  prepareDigest?(algorithm: ReprDigest['algorithm'], end: number): void;
  /**
   * Reads bytes that were written, from `start` to `end`, half-open. Without it and `sha256`, pieces are not verified.
   */
  read?(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Returns the SHA-256 of bytes that were written, from `start` to `end`, half-open. Without it, they are read. */
  sha256?(start: number, end: number): Promise<Uint8Array>;
  /** Makes the file durable and puts it into its place. Called once, after all bytes were written. */
  finish(size: number): Promise<void>;
  /** Releases all resources, and keeps what was written. Called once, at the end. Never rejects. */
  close(): Promise<void>;
}
