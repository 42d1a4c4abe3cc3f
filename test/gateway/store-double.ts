import { strongTag, type Representation } from '../../src/http/index.ts';
import { type ObjectStore, type ReadOptions, type ReadResult } from '../../src/store/object-store.ts';
import { countOperation } from '../../src/store/request-stats.ts';

/** The metadata of the object of a double. */
export function representation(size: number, tag = 'v1'): Representation {
  const lastModified = new Date('2020-01-01T00:00:00Z');
  return { size, etag: strongTag(tag), lastModified, isDateStrong: true, contentType: 'text/plain' };
}

/** A body of these chunks, which then ends or fails. */
export function bodyOf(chunks: readonly Uint8Array[], failure?: Error): ReadableStream<Uint8Array> {
  const left = [...chunks];
  return new ReadableStream(
    {
      pull(controller) {
        const chunk = left.shift();
        if (chunk !== undefined) controller.enqueue(chunk);
        else if (failure === undefined) controller.close();
        else controller.error(failure);
      },
    },
    { highWaterMark: 0 },
  );
}

/** A store with scripted results, for behaviour that no real store can be made to show. */
export function storeDouble(answers: {
  readonly head?: (key: string) => Representation | undefined | Promise<Representation | undefined>;
  readonly read?: (options: ReadOptions, call: number) => ReadResult | Promise<ReadResult>;
}): ObjectStore {
  let calls = 0;
  return {
    async head(key, options = {}) {
      countOperation(options);
      return answers.head?.(key);
    },
    async read(_key, options = {}) {
      countOperation(options);
      return (await answers.read?.(options, calls++)) ?? { type: 'missing' };
    },
  };
}
