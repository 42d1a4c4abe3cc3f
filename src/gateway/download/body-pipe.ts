import { type Consignment } from './plan-body.ts';
import { partsReader, startCourier, type Courier, type PartsReader } from './part-reader.ts';
import { steadyTime } from '../../base/clock.ts';
import type { BlockCacheOptions } from '../../cache/with-block-cache.ts';
import { chunkStream, defaultReader, type ToReader } from '../../store/chunk-stream.ts';
import { storeError } from '../../store/store-error.ts';

/** How a body ended: whole; broken off because the client left; broken off because the storage failed. */
export type Delivery =
  /** Counts are null where the platform's pipes, or an app's own answer, do not tell. */
  | { readonly outcome: 'complete'; readonly bytesSent: number | null; readonly bytesRead: number }
  | { readonly outcome: 'aborted'; readonly bytesSent: number | null; readonly bytesRead: number | null }
  | {
      readonly outcome: 'failed';
      readonly bytesSent: number | null;
      readonly bytesRead: number | null;
      readonly cause: unknown;
    };

/** A body on its way. */
export interface Dispatch {
  readonly body: ReadableStream<Uint8Array>;
  /** How it ended. Never rejects. */
  readonly done: Promise<Delivery>;
  /** Ends a body that is not sent, and gives back what it holds. Does nothing at its end. Never throws. */
  readonly abandon: () => void;
}

/** How a platform moves bytes from a storage to a client, with back-pressure. */
export interface Conduit {
  /** Puts a body on its way. */
  dispatch(consignment: Consignment): Dispatch;
  /** Reads a body into JavaScript, in the way that is cheapest here. */
  readonly toReader: ToReader;
  /** Whether a body that needs nothing else stays out of JavaScript. */
  readonly isNative: boolean;
  /** Connections that `parallelReads` may have here at the most. By default there is no limit but the setting's own. */
  readonly maxParallelReads?: number;
  /** How blocks of this size, by default of the platform's choice, are cached here. By default as `withBlockCache` does. */
  readonly toBlocks?: (size: number | undefined) => Partial<BlockCacheOptions>;
}

/** Moves chunks in JavaScript: for every platform whose web streams are not native, such as Node. */
export const portableConduit: Conduit = {
  dispatch,
  toReader: defaultReader,
  isNative: false,
};

function dispatch(consignment: Consignment): Dispatch {
  const { signal, idleTimeout, reads } = consignment;
  const { promise: done, resolve } = Promise.withResolvers<Delivery>();
  const courier = startCourier();
  const chunks = consignedChunks(consignment, courier);
  let bytesSent = 0;
  let isStarted = false;
  let isOver = false;
  const counts = () => ({ bytesSent, bytesRead: courier.bytesRead });

  function settle(delivery: Delivery): void {
    isOver = true;
    idle.end();
    resolve(delivery);
  }

  async function giveBack(): Promise<void> {
    if (isOver) return;
    settle({ outcome: 'aborted', ...counts() });
    // What has not begun has nothing to give back, but its first body is open already.
    if (!isStarted) await (await reads[0]?.open())?.cancel();
    await chunks.end();
  }

  const abandon = () => void giveBack().catch(() => undefined);
  const idle = idleTimer(idleTimeout, abandon);

  const body = chunkStream({
    async read() {
      if (isOver) throw storeError('aborted', 'the body was left unread, or its client left');
      isStarted = true;
      idle.stop();
      try {
        const chunk = await chunks.next();
        if (chunk === undefined) settle({ outcome: 'complete', ...counts() });
        else {
          bytesSent += chunk.length;
          if (!isOver) idle.start();
        }
        return chunk;
      } catch (cause) {
        await chunks.end();
        const outcome = signal.aborted ? 'aborted' : 'failed';
        if (!isOver) settle({ outcome, ...counts(), cause });
        throw cause;
      }
    },
    cancel: giveBack,
  });
  idle.start();
  // The client may have left before there was a body. One that leaves later is noticed by the body's reader.
  if (signal.aborted) abandon();
  return { body, done, abandon };
}

interface IdleTimer {
  start(): void;
  stop(): void;
  /** Called once, when it is needed no more. */
  end(): void;
}

/** Calls back when it was started `ms` ago and not stopped since. One timer for all of a body's chunks. */
function idleTimer(ms: number | undefined, onIdle: () => void): IdleTimer {
  if (ms === undefined) return { start: () => undefined, stop: () => undefined, end: () => undefined };
  let since: number | undefined;
  const look = () => {
    const left = since === undefined ? ms : ms - (steadyTime() - since);
    if (left <= 0) onIdle();
    else timer = setTimeout(look, left);
  };
  let timer = setTimeout(look, ms);
  return {
    start() {
      since = steadyTime();
    },
    stop() {
      since = undefined;
    },
    end: () => clearTimeout(timer),
  };
}

/** All bytes of a consignment, one read after the other. */
function consignedChunks({ reads, tail, close }: Consignment, courier: Courier): PartsReader {
  let index = 0;
  let current: PartsReader | undefined;
  return {
    async next() {
      for (;;) {
        const read = reads[index];
        if (read === undefined) {
          if (index++ > reads.length || tail.length === 0) return undefined;
          return tail;
        }
        current ??= partsReader(read, courier, defaultReader);
        const chunk = await current.next();
        if (chunk !== undefined) return chunk;
        await current.end();
        current = undefined;
        index++;
      }
    },
    async end() {
      close();
      await current?.end();
    },
  };
}
