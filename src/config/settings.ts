import * as v from 'valibot';
import type { RangePolicy } from '../http/index.ts';
import { explainHeaders, type MountHeaders } from './mount-headers.ts';
import { parallelReads } from './parallel-reads-setting.ts';
import { check, count, MiB, milliseconds, onOff, table, text, YEAR } from './schema.ts';

const FIELD_VALUE = /^[\t\x20-\x7e]+$/;
const ORIGIN = /^https?:\/\/[^/?#\s]+$/;

const REQUEST_FIELD = 'takes names of request fields, such as "X-Requested-With"';
/** A lone `*` would allow all fields. */
const requestField = text(/^(?!\*$)[!#$%&'*+.^_`|~\w-]{1,64}$/, REQUEST_FIELD);

const resumeTable = v.strictObject({
  /** How long the storage may send nothing while a client waits. */
  idleTimeout: v.optional(milliseconds),
});

const resumeSwitch = v.boolean('takes true, false, or a table with the field idleTimeout');

/** Not a union, whose message would not name the field that is wrong. */
const resume: v.GenericSchema<ResumeSetting> = v.lazy((input) =>
  typeof input === 'object' && input !== null && !Array.isArray(input) ? resumeTable : resumeSwitch,
);

type ResumeSetting = boolean | { readonly idleTimeout?: number | undefined };

/** The settings of a mount: plain data, the same on every platform. */
export const settingsEntries = {
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
    table({
      /** Whose pages may read the answers. By default all, but none where the rule of the mount is ambient. */
      origins: v.optional(
        v.union(
          [v.literal('*'), v.array(text(ORIGIN, 'takes origins, such as "https://example.com"'))],
          'takes "*" or a list of origins',
        ),
      ),
      /** Request fields that pages may send beside those that downloads need. */
      headers: v.optional(v.pipe(v.array(requestField, REQUEST_FIELD), v.maxLength(32, 'takes 32 names at the most'))),
    }),
    {},
  ),
  /** Whether a storage body that breaks is read on. By default where it costs nothing. */
  resume: v.optional(resume),
  parallelReads: v.optional(parallelReads),
  /** How the cache of blocks works, where there is one. */
  blocks: v.optional(
    table({
      /** Of a block; by default what is best for the platform. */
      size: v.optional(count(64 * MiB, 'bytes', 64 * 1024)),
      /** How long metadata are taken for current: `forever` where objects are never replaced. */
      ttl: v.optional(v.union([v.literal('forever'), milliseconds], 'takes ms or "forever"'), 30_000),
      /** How long a missing object is taken to be missing. */
      negativeTtl: v.optional(milliseconds, 5_000),
      /** How long after that they are used once more, while the storage is asked. */
      staleWhileRevalidate: v.optional(count(YEAR, 'ms'), 0),
      /** How long after that they are used where the storage can't be asked. */
      staleIfError: v.optional(count(YEAR, 'ms'), 0),
    }),
    {},
  ),
  ranges: v.optional(
    table({
      /** Members of a Range set; a larger set is answered 200. */
      maxRanges: v.optional(count(10_000, 'ranges'), 1_000),
      /** Storage reads for one answer in parts; a set that needs more is answered 200. */
      maxReads: v.optional(count(10_000, 'reads'), 256),
      /** Gaps up to this size are read through instead of starting another read. */
      nearGap: v.optional(count(Number.MAX_SAFE_INTEGER, 'bytes'), 64 * 1024),
    }),
    {},
  ),
  /** Fields added to answers with bytes, such as Content-Security-Policy. */
  headers: v.optional(
    v.custom<MountHeaders>(
      (value) => explainHeaders(value) === undefined,
      ({ input }) => explainHeaders(input) ?? '',
    ),
  ),
};

const SettingsSchema = v.strictObject(settingsEntries, 'takes a table of fields');

/** Settings as written: every field optional. */
export type SettingsInput = v.InferInput<typeof SettingsSchema>;

/** Settings with every default filled in. */
export type Settings = v.InferOutput<typeof SettingsSchema>;

/**
 * Checks settings and fills in the defaults.
 *
 * @param where put before the names of fields
 * @throws SettingsError that names every field which is unknown or wrong, and what it takes
 */
export function parseSettings(input: unknown, where = ''): Settings {
  return check(SettingsSchema, input, where);
}

/**
 * Limits on ranges that are no settings, since others bound the same requests.
 *
 * 1,000 ranges of offsets with 15 digits, as in an object of 999 TB, are 32,000 characters. 1,000 ranges with gaps of
 * 64 KiB between them have 62.4 MiB of gaps, so that by default only gaps that a lack of reads makes necessary can
 * exceed the second limit.
 */
const FIXED = { maxFieldLength: 32 * 1024, maxGapBytes: 64 * MiB };

/** The settings that the rules of HTTP ask for. */
export function toRangePolicy({ ranges, headRange }: Settings): RangePolicy {
  return { ...FIXED, ...ranges, headRange };
}

/** Where a mount is. */
export const locationEntries = {
  path: v.optional(
    text(
      /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)*\/?$/,
      'takes a path such as "/releases", of letters, digits and "-._~" between slashes',
    ),
    '/',
  ),
  host: v.optional(
    text(
      /^[a-z\d.-]*[a-z\d-]$|^\[[\da-f:.]+\]$/,
      'takes a name in lower case without a port, and no dot at its end, such as "files.example.com"',
    ),
  ),
};
