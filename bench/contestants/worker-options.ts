import * as v from 'valibot';

const BenchObjectSchema = v.object({ key: v.string(), size: v.number(), tag: v.string() });

const WorkerOptionsSchema = v.object({
  /** Path of its wrangler.toml. */
  config: v.string(),
  environment: v.optional(v.string()),
  variables: v.record(v.string(), v.union([v.string(), v.boolean()])),
  /** Its local R2 bucket, if it has one. */
  bucket: v.optional(
    v.object({
      /** Folder of the bucket, reused by later runs. */
      folder: v.string(),
      objects: v.array(BenchObjectSchema),
      /** Folder of the files that the bucket is filled from. */
      files: v.string(),
    }),
  ),
});

/** The Worker to run, and its storage. */
export type WorkerOptions = v.InferOutput<typeof WorkerOptionsSchema>;

/**
 * Parses the JSON of a Worker's options.
 *
 * @throws SyntaxError or ValiError if the text is not that
 */
export function parseWorkerOptions(text: string): WorkerOptions {
  return v.parse(WorkerOptionsSchema, JSON.parse(text));
}
