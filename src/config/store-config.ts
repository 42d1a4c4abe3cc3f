import * as v from 'valibot';
import { booleanSetting, resourceName, text, url } from './schema.ts';
import { STORAGE_ADDRESS } from './urls.ts';

const address = url(STORAGE_ADDRESS, 'takes an address such as "https://s3.example.com"');
const bucket = text(/^[\w.-]{3,255}$/, 'takes the name of a bucket');

/** Schema of the store of a mount. Each platform accepts some of the types. */
export const storeSchema = v.variant(
  'type',
  [
    v.strictObject({
      /** A bucket of R2 that is bound to the Worker. */
      type: v.literal('r2'),
      /** Name of the binding in wrangler.toml. */
      binding: resourceName('the name of an R2 binding'),
    }),
    v.strictObject({
      /** A bucket of S3 or of an S3-compatible storage. */
      type: v.literal('s3'),
      /** Name of the bucket. Credentials are the platform's own. */
      bucket,
      /**
       * Address of a storage that is not AWS.
       *
       * @default as the platform's own store
       */
      endpoint: v.optional(address),
      /**
       * Region of the bucket.
       *
       * @default as the platform's own store
       */
      region: v.optional(text(/^[\w-]{1,64}$/, 'takes a region, such as "eu-central-1"')),
      /**
       * Whether the bucket is in the path of addresses, and not in the host.
       *
       * @default as the platform's own store
       */
      pathStyle: v.optional(booleanSetting),
      /**
       * Meaning of a 403 of the storage for an object: it does not exist (404), or access to it is denied (502).
       *
       * @default `"denied"`
       * @see docs/platforms.md#how-s3-is-read
       */
      forbidden: v.optional(v.picklist(['missing', 'denied'], 'takes "missing" or "denied"')),
      /**
       * Whether objects are read with presigned URLs or with the SDK's commands.
       *
       * @default `"presigned"` if the bucket supports it
       * @see docs/platforms.md#how-s3-is-read
       */
      reads: v.optional(v.picklist(['presigned', 'commands'], 'takes "presigned" or "commands"')),
    }),
    v.strictObject({
      /** A folder. */
      type: v.literal('dir'),
      /** Path of the folder. */
      path: resourceName('a folder'),
      /**
       * Whether files are served whose path has a segment that begins with a dot.
       *
       * @see docs/configuration.md#hidden-files
       */
      hidden: v.optional(booleanSetting, false),
      /**
       * Makes the SHA-256 of a file its entity tag, if its piece index is current.
       *
       * @default made of its times and size
       * @see docs/verifying.md#tags-that-survive-a-copy
       */
      etag: v.optional(v.literal('digest', 'takes "digest"')),
    }),
  ],
  'takes a table whose type is "r2", "s3" or "dir"',
);

/** Configuration of a store. */
export type StoreConfig = v.InferOutput<typeof storeSchema>;

const piecesTable = v.strictObject({
  /**
   * Name of the bucket or binding, or path of the folder, of the indexes.
   *
   * @default where the objects are
   */
  bucket: v.optional(resourceName('a bucket, a binding or a folder')),
  /** Prefix of the keys of indexes. The mount's `prefix` is not put before it. */
  prefix: v.optional(v.string('takes a text')),
});

const piecesSwitch = v.boolean('takes true, false, or a table with the fields bucket, prefix');

/**
 * Schema of the setting `pieces`: whether objects have piece indexes, and where. It is lazy, because a union does not
 * name the invalid field.
 */
export const piecesSchema: v.GenericSchema<PiecesConfig> = v.lazy((input) =>
  typeof input === 'object' && input !== null && !Array.isArray(input) ? piecesTable : piecesSwitch,
);

/** Configuration of piece indexes. */
export type PiecesConfig = boolean | { readonly bucket?: string | undefined; readonly prefix?: string | undefined };
