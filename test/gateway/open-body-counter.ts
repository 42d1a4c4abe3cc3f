import type { ObjectStore } from '../../src/index.ts';
import { bodyOf, representation, storeDouble } from './store-double.ts';

/** The size of the object of a counted store, in bytes. */
export const SIZE = 300_000;

/** A store that counts its open bodies. */
export function countedStore(): { readonly store: ObjectStore; readonly open: () => number } {
  let open = 0;
  const store = storeDouble({
    read() {
      open++;
      const close = () => void open--;
      const body = bodyOf([new Uint8Array(SIZE)]).pipeThrough(new TransformStream({ flush: close }));
      const reader = body.getReader();
      const counted = new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            const { value } = await reader.read();
            if (value === undefined) controller.close();
            else controller.enqueue(value);
          },
          cancel: close,
        },
        { highWaterMark: 0 },
      );
      return { type: 'open', representation: representation(SIZE), span: { start: 0, end: SIZE }, body: counted };
    },
  });
  return { store, open: () => open };
}
