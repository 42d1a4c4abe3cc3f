import * as v from 'valibot';
import type { RangePolicy } from '../http/index.ts';

/** Thrown at start; its message names each wrong field and what it takes. */
export interface SettingsError extends Error {
  readonly name: 'SettingsError';
}

const FIELD_VALUE = /^[\t\x20-\x7e]+$/;
const ORIGIN = /^https?:\/\/[^/?#\s]+$/;

function count(most: number, what: string, least = 0) {
  const message = `takes a whole number from ${least} to ${most} (${what})`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(least, message), v.maxValue(most, message));
}

function text(pattern: RegExp, message: string) {
  return v.pipe(v.string(message), v.regex(pattern, message));
}

const onOff = v.boolean('takes true or false');
const MiB = 1024 * 1024;
const milliseconds = count(24 * 60 * 60 * 1000, 'ms', 1);

/** The settings that are plain data, the same on every platform: a TOML table, a JSON file, or an object in code. */
const SettingsSchema = v.strictObject({
  /** Cache-Control of objects that have none stored. `no-transform` is always added. */
  cacheControl: v.optional(
    text(FIELD_VALUE, 'takes the value of a Cache-Control field, such as "public, max-age=3600"'),
  ),
  /** Content-Disposition for all objects, whatever is stored. `?download` asks for `attachment` one by one. */
  disposition: v.optional(v.picklist(['attachment', 'inline'], 'takes "attachment" or "inline"')),
  /** The file served for a path that ends in `/`. Off by default. */
  index: v.optional(text(/^[^/\0]+$/, 'takes a file name without slashes, such as "index.html"')),
  /** Whether HEAD heeds Range and answers 206, for clients that probe so (DuckDB-wasm). */
  headRange: v.optional(onOff, false),
  cors: v.optional(
    v.strictObject(
      {
        /** Whose pages may read the answers. */
        origins: v.optional(
          v.union(
            [v.literal('*'), v.array(text(ORIGIN, 'takes origins, such as "https://example.com"'))],
            'takes "*" or a list of origins',
          ),
          '*',
        ),
      },
      'takes a table with the field origins',
    ),
    {},
  ),
  /** Whether a storage body that breaks is read on, and how hard it is tried. By default where it costs nothing. */
  resume: v.optional(
    v.union(
      [
        onOff,
        v.strictObject({
          /** Tries in a row that bring no byte, before the body is given up. */
          tries: v.optional(count(100, 'tries')),
          /** How long the storage may send nothing while a client waits. */
          idleTimeout: v.optional(milliseconds),
          /** How long a client waits for the next byte, tries and all. */
          patience: v.optional(milliseconds),
        }),
      ],
      'takes true, false, or a table with the fields tries, idleTimeout, patience',
    ),
  ),
  limits: v.optional(
    v.strictObject(
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
      },
      'takes a table with the fields downloads, urlLength, headerBytes, headerTimeout, idleTimeout',
    ),
    {},
  ),
  ranges: v.optional(
    v.strictObject(
      {
        /** Members of a Range set; a larger set is answered 200. */
        maxRanges: v.optional(count(10_000, 'ranges'), 1_000),
        /** Length of a Range field; a longer one is ignored. */
        maxFieldLength: v.optional(count(MiB, 'characters'), 32 * 1024),
        /** Storage reads for one answer in parts; a set that needs more is answered 200. */
        maxReads: v.optional(count(10_000, 'reads'), 256),
        /** Gaps up to this size are read through instead of starting another read. */
        nearGap: v.optional(count(Number.MAX_SAFE_INTEGER, 'bytes'), 64 * 1024),
        /** Bytes of gaps read through for one answer. */
        maxGapBytes: v.optional(count(Number.MAX_SAFE_INTEGER, 'bytes'), 64 * MiB),
      },
      'takes a table with the fields maxRanges, maxFieldLength, maxReads, nearGap, maxGapBytes',
    ),
    {},
  ),
});

/** Settings as written: every field optional. */
export type SettingsInput = v.InferInput<typeof SettingsSchema>;

/** Settings with every default filled in. */
export type Settings = v.InferOutput<typeof SettingsSchema>;

/**
 * Checks settings and fills in the defaults.
 *
 * @throws SettingsError that names every field which is unknown or wrong, and what it takes
 */
export function parseSettings(input: unknown): Settings {
  // To valibot a list is an object without fields, and an empty one would pass.
  const result = v.safeParse(SettingsSchema, Array.isArray(input) ? null : input);
  if (result.success) return result.output;
  const message = result.issues.map(describeIssue).join('\n');
  throw Object.assign(new Error(`the settings can't be used:\n${message}`), { name: 'SettingsError' as const });
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  if (path === null) return '  they take a table of fields';
  const isUnknown = issue.type === 'strict_object' && issue.expected === 'never';
  if (isUnknown) return `  ${path}: no such field; there are ${fieldsBeside(path).join(', ')}`;
  return `  ${path}: ${issue.message}, not ${show(issue.input)}`;
}

function fieldsBeside(path: string): readonly string[] {
  const { entries } = SettingsSchema;
  if (path.startsWith('cors.')) return Object.keys(entries.cors.wrapped.entries);
  if (path.startsWith('limits.')) return Object.keys(entries.limits.wrapped.entries);
  if (path.startsWith('ranges.')) return Object.keys(entries.ranges.wrapped.entries);
  return Object.keys(entries);
}

function show(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 80) ?? 'nothing';
}

/** The settings that the rules of HTTP ask for. */
export function toRangePolicy({ ranges, headRange }: Settings): RangePolicy {
  return { ...ranges, headRange };
}
