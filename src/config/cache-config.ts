import * as v from 'valibot';
import { count, MiB, resourceName, url } from './schema.ts';

const bytes = count(Number.MAX_SAFE_INTEGER, 'bytes', 1);

const disk = v.pipe(
  v.strictObject({
    type: v.literal('disk'),
    /** Path of the folder. */
    folder: resourceName('a folder'),
    /** Size of all blocks in the folder. */
    bytes: v.optional(bytes, 10 * 1024 * MiB),
    /** Size of the cache in memory in front of the disk, smaller than `bytes`; 0 is none. */
    memory: v.optional(count(Number.MAX_SAFE_INTEGER, 'bytes'), 0),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { value } = dataset;
    if (value.memory < value.bytes) return;
    const path = [{ type: 'object', origin: 'value', input: value, key: 'memory', value: value.memory }] as const;
    addIssue({
      message: `takes less than cache.bytes, ${value.bytes}: all that the disk keeps would be in memory`,
      input: value.memory,
      path: [...path],
    });
  }),
);

/** Schema of the block cache. Each platform accepts some of the types. */
export const cacheSchema = v.variant(
  'type',
  [
    v.strictObject({
      type: v.literal('memory'),
      /** Size of all blocks in memory. */
      bytes: v.optional(bytes, 256 * MiB),
    }),
    disk,
    v.strictObject({ type: v.literal('tiered') }),
    v.strictObject({
      type: v.literal('workers'),
      /** Origin of the keys in the Cache API. */
      origin: url(
        /^https:\/\/[^/?#\s@]+$/,
        'takes the origin of a host that the Worker answers for, such as "https://files.example.com"',
      ),
    }),
  ],
  'takes a table whose type is "memory", "disk", "workers" or "tiered"',
);

/** Configuration of the block cache. */
export type CacheConfig = v.InferOutput<typeof cacheSchema>;
