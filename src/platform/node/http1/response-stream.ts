import type { ChunkReader } from '../../../store/chunk-stream.ts';
import { ownBytes, type HeldBuffer } from './buffer-pool.ts';
import { responseDecoder } from './response-decoder.ts';
import type { ResponseHead } from './response-head.ts';

/** An answer whose head is there. */
export interface Http1Answer {
  readonly head: ResponseHead;
  /** Cancelled before its end, it closes the connection. */
  readonly body: ChunkReader;
}

/**
 * One request and its answer, on a connection that has nothing else to do. No getters: V8 makes a hidden class for each
 * object that has its own, and they outlive many of its collections.
 */
export interface Http1ResponseStream {
  /** Whether a byte of the answer is there. */
  isBegun(): boolean;
  /** Whether the body has no length and ends with the connection. */
  isUntilClose(): boolean;
  /**
   * Bytes that came.
   *
   * @returns whether more are to be read before the body's reader asks for them
   * @throws Error for an answer that can't be understood
   */
  feed(held: HeldBuffer): boolean;
  /** No more will come, which ends a body that has no length. */
  close(): void;
  fail(error: unknown): void;
}

/** What an exchange needs of its connection. */
export interface SendOptions {
  readonly onAnswer: (answer: Http1Answer) => void;
  readonly onFail: (error: unknown) => void;
  /** Bytes are wanted again. */
  readonly resume: () => void;
  /** The rest of the answer is not wanted. */
  readonly leave: () => void;
  /** The answer is there, to its last byte; `isSurplus`: and bytes behind it. */
  readonly onEnd: (isReusable: boolean, isSurplus: boolean) => void;
}

interface Waiter {
  readonly resolve: (bytes: Uint8Array | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Makes an exchange: bytes go in, and out through the answer's body. The socket is paused while the body is not read. */
export function sendRequest(
  method: string,
  { onAnswer, onFail, resume, leave, onEnd }: SendOptions,
): Http1ResponseStream {
  const waiting: HeldBuffer[] = [];
  let isBegun = false;
  let isReusable = false;
  let isOver = false;
  let failure: { readonly error: unknown } | undefined;
  let source: HeldBuffer | undefined;
  let lent: HeldBuffer | undefined;
  let waiter: Waiter | undefined;

  const decoder = responseDecoder(method, {
    onHead(head) {
      isReusable = head.isKept;
      onAnswer({ head, body });
    },
    onBytes(bytes) {
      if (source !== undefined) waiting.push(source.part(bytes));
    },
    onEnd() {
      isOver = true;
    },
  });

  /** Resolves the read that waits, if there is something to resolve it with. */
  function serve(): void {
    if (waiter === undefined) return;
    const { resolve, reject } = waiter;
    const next = waiting.shift();
    if (next !== undefined) {
      lent?.release();
      lent = next;
      resolve(next.bytes);
    } else if (failure !== undefined) reject(failure.error);
    else if (isOver) resolve(undefined);
    else return;
    waiter = undefined;
  }

  function finish(isSurplus: boolean): void {
    // The connection's memory is another answer's from now on, so what is left is given for good.
    waiting.splice(0, waiting.length, ...waiting.map((held) => ownBytes(held.own())));
    serve();
    onEnd(isReusable, isSurplus);
  }

  const body: ChunkReader = {
    read() {
      return new Promise<Uint8Array | undefined>((resolve, reject) => {
        waiter = { resolve, reject };
        serve();
        if (waiter !== undefined && !isOver) resume();
      });
    },
    async cancel() {
      const reader = waiter;
      waiter = undefined;
      waiting.length = 0;
      reader?.resolve(undefined);
      if (!isOver && failure === undefined) leave();
    },
  };

  return {
    isBegun: () => isBegun,
    isUntilClose: () => decoder.isUntilClose(),
    feed(held) {
      isBegun = true;
      source = held;
      const taken = decoder.feed(held.bytes);
      source = undefined;
      const isSurplus = taken < held.bytes.length;
      held.release();
      if (isOver) finish(isSurplus);
      else serve();
      return isOver || waiting.length === 0;
    },
    close() {
      if (isOver || !decoder.close()) return;
      finish(false);
    },
    fail(error) {
      if (isOver || failure !== undefined) return;
      failure = { error };
      onFail(error);
      serve();
    },
  };
}
