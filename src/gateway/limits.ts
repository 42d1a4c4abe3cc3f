import * as v from 'valibot';
import { check, count, MiB, milliseconds } from './schema.ts';

/** What a process or an isolate takes at the most, whatever the mount. */
export const LimitsSchema = v.strictObject(
  {
    /** Requests in work at once; more are answered 503. */
    downloads: v.optional(count(1_000_000, 'requests', 1)),
    /** Length of a request's address; a longer one is answered 414. */
    urlLength: v.optional(count(MiB, 'characters', 1), 16 * 1024),
    /** On Node: bytes of a request's head; a longer one is answered 431. */
    headerBytes: v.optional(count(MiB, 'bytes', 1_024), 64 * 1024),
    /** On Node: until a request's head is there. */
    headerTimeout: v.optional(milliseconds, 15_000),
    /** On Node: how long a client may take nothing of what is there for it. */
    idleTimeout: v.optional(milliseconds, 60_000),
    /** On Node: how long a connection without a request is kept. Longer than a load balancer in front keeps it. */
    keepAliveTimeout: v.optional(milliseconds, 75_000),
  },
  'takes a table with the fields downloads, urlLength, headerBytes, headerTimeout, idleTimeout, keepAliveTimeout',
);

/** Limits as written: every field optional. */
export type LimitsInput = v.InferInput<typeof LimitsSchema>;

/** Limits with every default filled in. */
export type Limits = v.InferOutput<typeof LimitsSchema>;

/**
 * Checks limits and fills in the defaults.
 *
 * @throws SettingsError that names every field which is unknown or wrong, and what it takes
 */
export function parseLimits(input: unknown): Limits {
  return check(LimitsSchema, input, 'limits.');
}
