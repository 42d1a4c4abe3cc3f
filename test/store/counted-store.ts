import type { ObjectStore } from '../../src/store/object-store.ts';

/** What was asked of a store, and how many bytes of its bodies were taken. */
export interface Counted extends ObjectStore {
  operations: number;
  bytes: number;
  /** Bodies opened that have neither ended nor been cancelled, and the most at a time. */
  open: number;
  mostOpen: number;
}

/** The same store, counted, that answers after so many ms. */
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

/** Waits until it is so, and fails where it never is. */
export async function until(holds: () => boolean, ms = 5_000): Promise<void> {
  const end = Date.now() + ms;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`not so within ${ms} ms: ${holds.toString()}`);
    await sleep(5);
  }
}
