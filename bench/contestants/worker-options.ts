import * as v from 'valibot';

const BenchObjectSchema = v.object({ key: v.string(), size: v.number(), tag: v.string() });

const WorkerOptionsSchema = v.object({
  /** Path of its wrangler.toml. */
  config: v.string(),
  environment: v.optional(v.string()),
  variables: v.record(v.string(), v.union([v.string(), v.boolean()])),
  /** Its local R2 bucket, for Workers that have one. */
  bucket: v.optional(
    v.object({
      /** Keeps it between runs. */
      folder: v.string(),
      objects: v.array(BenchObjectSchema),
      /** Keeps the files that it is filled from. */
      files: v.string(),
    }),
  ),
});

/** Which Worker to run, and over what. */
export type WorkerOptions = v.InferOutput<typeof WorkerOptionsSchema>;

/** Reads what {@link JSON.stringify} made of them. Throws where they are not. */
export function parseWorkerOptions(text: string): WorkerOptions {
  return v.parse(WorkerOptionsSchema, JSON.parse(text));
}
