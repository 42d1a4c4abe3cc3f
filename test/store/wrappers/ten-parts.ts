import { memoryStore } from '../../../src/store/drivers/memory.ts';
import type { ObjectStore, OpenObject, ReadOptions, ReadResult } from '../../../src/store/object-store.ts';
import { pseudoRandom } from '../../contract/bytes.ts';

export const PART = 1_000;
/** Ten parts, of which the last is short. */
export const BYTES = pseudoRandom(9_500);

export async function memoryWith(bytes: Uint8Array = BYTES) {
  const store = memoryStore();
  await store.put('key', bytes);
  return store;
}

export async function open(store: ObjectStore, options: ReadOptions = {}): Promise<OpenObject> {
  const result = await store.read('key', options);
  if (result.type !== 'open') throw new Error(`it is ${result.type}`);
  return result;
}

export async function bytesOf({ body }: OpenObject): Promise<Uint8Array> {
  return new Uint8Array(await new Response(body).arrayBuffer());
}

/** Wraps a store: `change` may replace the result of each read; the first call is 0. */
export function withScriptedReads(
  store: ObjectStore,
  change: (call: number, read: () => Promise<ReadResult>, options: ReadOptions) => Promise<ReadResult>,
): ObjectStore & { readonly asked: readonly ReadOptions[] } {
  const asked: ReadOptions[] = [];
  return {
    asked,
    head: (...args) => store.head(...args),
    read: (key, options = {}) => change(asked.push(options) - 1, () => store.read(key, options), options),
  };
}
