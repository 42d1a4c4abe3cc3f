import * as v from 'valibot';
import { check, count, table, timeout } from './schema.ts';

/**
 * Longest URL of a request in characters, host included; a longer one gets 414. A key of 1,024 bytes has 3,072
 * characters if each byte is percent-encoded. Node needs 2 seconds to parse a query of 1 MB.
 */
export const MAX_URL_LENGTH = 16 * 1024;

/** Limits of a process or an isolate, for all mounts together. */
export const LimitsSchema = table({
  /**
   * Most requests in progress. A further request gets 503 with Retry-After.
   *
   * @default none; 1,000 with `rangeway serve`
   */
  downloads: v.optional(count(1_000_000, 'requests', 1)),
  /**
   * Longest time in ms in which a client may accept none of the bytes that are ready for it; then its connection is
   * closed. On other platforms than Node: longest time in which a body may not be read.
   */
  idleTimeout: v.optional(timeout, 60_000),
  /**
   * How long an idle connection stays open, in ms. It has to be longer than the timeout of a load balancer in front.
   *
   * @platform node
   * @see docs/operations.md#limits
   */
  keepAliveTimeout: v.optional(timeout, 75_000),
  /**
   * For `rangeway serve`: how long requests are still accepted after a signal to stop, in ms. `/.rangeway/ready` is
   * answered 503 meanwhile, so that a load balancer sends its requests elsewhere.
   *
   * @platform node
   * @see docs/operations.md#is-it-up-and-is-it-ready
   */
  drainDelay: v.optional(count(600_000, 'ms'), 0),
});

/** Limits as written: every field optional. */
export type LimitsInput = v.InferInput<typeof LimitsSchema>;

/** Limits with every default filled in. */
export type Limits = v.InferOutput<typeof LimitsSchema>;

/**
 * Validates limits and fills in the defaults.
 *
 * @throws SettingsError that names every unknown or invalid field and its valid form
 */
export function parseLimits(input: unknown): Limits {
  return check(LimitsSchema, input, 'limits.');
}
