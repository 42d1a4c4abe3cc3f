import type { ObjectStore } from '../../src/store/object-store.ts';

/** The calls of a store, and the number of bytes read from its bodies. */
export interface Counted extends ObjectStore {
  operations: number;
  bytes: number;
  /** Bodies that are open (neither ended nor cancelled), and the highest number at one time. */
  open: number;
  mostOpen: number;
}

/** Wraps a store: counts its calls and bytes, and delays each result by `delay` ms. */
export function counted(store: ObjectStore, delay = 0): Counted {
  const count: Counted = {
    operations: 0,
    bytes: 0,
    open: 0,
    mostOpen: 0,
    async head(...args) {
      count.operations++;
      return store.head(...args);
    },
    async read(...args) {
      count.operations++;
      count.open++;
      count.mostOpen = Math.max(count.mostOpen, count.open);
      if (delay > 0) await sleep(delay);
      const result = await store.read(...args);
      if (result.type !== 'open') {
        count.open--;
        return result;
      }
      return { ...result, body: watched(result.body, count) };
    },
  };
  return count;
}

function watched(body: ReadableStream<Uint8Array>, count: Counted): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let isOpen = true;
  const end = () => {
    if (isOpen) count.open--;
    isOpen = false;
  };
  return new ReadableStream(
    {
      async pull(controller) {
        const { value } = await reader.read().catch((error: unknown) => {
          end();
          throw error;
        });
        count.bytes += value?.length ?? 0;
        if (value !== undefined) return controller.enqueue(value);
        end();
        controller.close();
      },
      cancel() {
        end();
        return reader.cancel();
      },
    },
    { highWaterMark: 0 },
  );
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until the condition holds; fails after a timeout. */
export async function until(holds: () => boolean, ms = 5_000): Promise<void> {
  const end = Date.now() + ms;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`not so within ${ms} ms: ${holds.toString()}`);
    await sleep(5);
  }
}
