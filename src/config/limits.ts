import * as v from 'valibot';
import { check, count, milliseconds, table } from './schema.ts';

/**
 * Characters of a request's address, host included; a longer one is answered 414. A key of 1,024 bytes has 3,072 when
 * each of them is percent-encoded, and Node takes 2 seconds for a query of 1 MB.
 */
export const MAX_URL_LENGTH = 16 * 1024;

/** What a process or an isolate takes at the most, whatever the mount. */
export const LimitsSchema = table({
  /** Requests in work at once; more are answered 503. */
  downloads: v.optional(count(1_000_000, 'requests', 1)),
  /** How long a client may take none of the bytes that wait for it. Off Node: how long a body may be left unread. */
  idleTimeout: v.optional(milliseconds, 60_000),
  /** On Node: how long a connection without a request is kept. Longer than a load balancer in front keeps it. */
  keepAliveTimeout: v.optional(milliseconds, 75_000),
});

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
