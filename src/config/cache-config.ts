import * as v from 'valibot';
import { count, MiB, resourceName, url } from './schema.ts';

const bytes = count(Number.MAX_SAFE_INTEGER, 'bytes', 1);

const disk = v.pipe(
  v.strictObject({
    /**
     * In a folder, over restarts. Processes may share a folder; each limits the blocks that it found or put to `bytes`.
     */
    type: v.literal('disk'),
    /** Path of the folder. */
    folder: resourceName('a folder'),
    /** Size of all blocks in the folder. */
    bytes: v.optional(bytes, 10 * 1024 * MiB),
    /**
     * Size of the cache in memory in front of the disk, smaller than `bytes`; 0 is none. It keeps the blocks that were
     * put last, and pieces of 64 KiB that are read repeatedly.
     */
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
      /** In memory, until the process ends. Each instance of a function has its own. */
      type: v.literal('memory'),
      /** Size of all blocks in memory. */
      bytes: v.optional(bytes, 256 * MiB),
    }),
    disk,
    v.strictObject({
      /**
       * In tiers of data centres, with one reader at a time for a block. Cloudflare decides how long.
       *
       * @see docs/platforms.md#workers-caching
       */
      type: v.literal('tiered'),
    }),
    v.strictObject({
      /**
       * In the Cache API of one data centre. Cloudflare evicts blocks at any time, and keeps none on `*.workers.dev`,
       * in previews, and behind Cloudflare Access.
       */
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
