import { strongTag } from '../../src/http/index.ts';
import type { ObjectStore, OpenObject } from '../../src/store/object-store.ts';
import { storeError } from '../../src/store/store-error.ts';

/** How a body breaks: it fails, ends too early, or hangs until it is cancelled. */
export type Break = 'fails' | 'ends' | 'hangs';

/** Wraps a store: its bodies break after a number of bytes, unless they are shorter. `next` gives how, and the number. */
export function withInterruptions(
  store: ObjectStore,
  next: (read: number) => { readonly how: Break; readonly after: number } | undefined,
  onCancel: () => void = () => undefined,
): ObjectStore {
  let reads = 0;
  return {
    head: (...args) => store.head(...args),
    async read(...args) {
      const result = await store.read(...args);
      const plan = next(reads++);
      if (result.type !== 'open' || plan === undefined) return result;
      return { ...result, body: cut(result.body, plan.how, plan.after, onCancel) };
    },
  };
}

function cut(
  body: ReadableStream<Uint8Array>,
  how: Break,
  after: number,
  onCancel: () => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let left = after;
  return new ReadableStream(
    {
      async pull(controller) {
        if (left === 0) return snap(controller, how);
        const { value } = await reader.read();
        if (value === undefined) return controller.close();
        controller.enqueue(value.subarray(0, left));
        left -= Math.min(left, value.length);
      },
      cancel() {
        onCancel();
        return reader.cancel();
      },
    },
    { highWaterMark: 0 },
  );
}

function snap(controller: ReadableStreamDefaultController<Uint8Array>, how: Break): void | Promise<void> {
  switch (how) {
    case 'fails':
      throw storeError('unavailable', 'it broke');
    case 'ends':
      return controller.close();
    case 'hangs':
      return new Promise(() => undefined);
  }
}

/** Wraps a store: its objects have a weak entity tag, or none. */
export function withTag(opened: OpenObject, tag: 'weak' | 'none' | 'other'): OpenObject {
  const etags = { weak: { weak: true, opaque: 'w' }, none: undefined, other: strongTag('other') };
  return { ...opened, representation: { ...opened.representation, etag: etags[tag] } };
}
