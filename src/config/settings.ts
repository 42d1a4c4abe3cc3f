import * as v from 'valibot';
import type { RangePolicy } from '../http/index.ts';
import { cacheControlError } from './cache-control-setting.ts';
import { validateHeaders, type MountHeaders } from './mount-headers.ts';
import { parallelReads } from './parallel-reads-setting.ts';
import { check, count, MiB, milliseconds, booleanSetting, table, text, timeout, url, YEAR } from './schema.ts';
import { isSentOrigin } from './urls.ts';

const FIELD_VALUE = /^[\t\x20-\x7e]+$/;
/** A dictionary of structured fields (RFC 9213 §2.1). A cache that can't parse the field ignores all of it. */
const MEMBER = /[a-z*][a-z\d_.*-]*(?:=(?:\d{1,15}|"[ !#-[\]-~]*"|[A-Za-z*][\w!#$%&'*+.^`|~:/-]*|\?[01]))?/.source;
const TARGETED_FIELD = new RegExp(`^${MEMBER}(?:[ \\t]*,[ \\t]*${MEMBER})*$`);
/** A tag of the setting `cacheTags`: printable ASCII without spaces and commas. */
export const CACHE_TAG = /^[!-+\--~]{1,128}$/;
const CACHE_TAGS = 'takes a list of tags of printable ASCII without spaces and commas, such as "releases"';
const ORIGIN = 'takes origins as browsers send them, such as "https://example.com"';
/** The Origin field has a host in lower case, in ASCII, and no default port. Another text would never be equal to it. */
const origin = url(/^https?:\/\/[^/?#\s*]+$/, ORIGIN, isSentOrigin);

const REQUEST_FIELD = 'takes names of request fields, such as "X-Requested-With"';
/** A field name. A lone `*` is not allowed, because it would allow all fields. */
const requestField = text(/^(?!\*$)[!#$%&'*+.^_`|~\w-]{1,64}$/, REQUEST_FIELD);

const resumeTable = v.strictObject({
  /**
   * Longest time in ms in which the storage may send nothing while a client waits.
   *
   * @default 20,000
   */
  idleTimeout: v.optional(timeout),
});

const resumeSwitch = v.boolean('takes true, false, or a table with the field idleTimeout');

/** It is lazy, because the error message of a union does not name the invalid field. */
const resume: v.GenericSchema<ResumeSetting> = v.lazy((input) =>
  typeof input === 'object' && input !== null && !Array.isArray(input) ? resumeTable : resumeSwitch,
);

type ResumeSetting = boolean | { readonly idleTimeout?: number | undefined };

/**
 * Schemas of the settings of a mount: plain data, the same on every platform. The comments of fields are the text of
 * schema.json and of docs/reference-configuration.md.
 */
export const settingsEntries = {
  /**
   * Cache-Control of objects that have none stored. `no-transform` is always added. Extension directives are allowed
   * beside known ones; misspelled, contradicting and repeated directives are refused.
   */
  cacheControl: v.optional(
    v.pipe(
      text(FIELD_VALUE, 'takes the value of a Cache-Control field, such as "public, max-age=3600"'),
      v.check(
        (value) => cacheControlError(value) === undefined,
        ({ input }) => cacheControlError(input) ?? '',
      ),
    ),
  ),
  /**
   * CDN-Cache-Control (RFC 9213), which CDNs obey in place of Cache-Control. `no-transform` is always added. It is not
   * sent behind an access rule, nor if the stored Cache-Control is `private` or `no-store`.
   *
   * @see docs/cdn.md#what-may-be-kept
   */
  cdnCacheControl: v.optional(
    text(TARGETED_FIELD, 'takes the value of a CDN-Cache-Control field, such as "max-age=86400", in lower case'),
  ),
  /** Cache-Tag: up to 30 names by which a CDN purges all responses of the mount. Sent where `cdnCacheControl` is. */
  cacheTags: v.optional(
    v.pipe(
      v.array(text(CACHE_TAG, CACHE_TAGS), CACHE_TAGS),
      v.minLength(1, CACHE_TAGS),
      v.maxLength(30, 'takes 30 tags at the most'),
    ),
  ),
  /**
   * Content-Disposition of all objects, in place of the stored one. A request with `?download` gets `attachment`, and
   * with `?download=NAME` that name too.
   *
   * @default as stored
   * @see docs/http.md
   */
  disposition: v.optional(v.picklist(['attachment', 'inline'], 'takes "attachment" or "inline"')),
  /**
   * File that is served for a path that ends in `/`. The path of its folder without the slash is redirected (308),
   * which costs one more read of metadata for each path that is missing.
   */
  index: v.optional(text(/^(?!\.{1,2}$)[^/\0]+$/, 'takes a file name without slashes, such as "index.html"')),
  /**
   * Whether folders without an index document are listed: as JSON, or as pages and as JSON. A path without its slash is
   * redirected (308). A folder costs one storage operation, and each path that is missing one more. `rangeway dev`
   * lists by default.
   *
   * @see docs/listings.md
   */
  listing: v.optional(
    v.union([v.literal(false), v.literal('json'), v.literal('html')], 'takes false, "json" or "html"'),
    false,
  ),
  /**
   * Entries of a page of a listing. Each 1,000 cost one storage operation. At most 10,000 on Workers and 5,000 on
   * Lambda.
   *
   * @default 1,000
   * @see docs/listings.md#mirror-folders
   */
  listingLimit: v.optional(count(50_000, 'entries', 1)),
  /**
   * Key of the document that a browser gets for a missing object, with status 404; at most 1 MiB. Other clients get the
   * problem document.
   *
   * @default a short page
   */
  notFound: v.optional(text(/^[^\0]{1,1024}$/, 'takes the key of a document, such as "404.html"')),
  /** Whether a HEAD with Range is answered 206, for clients that probe with HEAD (DuckDB-wasm). */
  headRange: v.optional(booleanSetting, false),
  /** Access of pages of other origins. */
  cors: v.optional(
    table({
      /**
       * Origins whose pages may read responses.
       *
       * @default `"*"`; none if the access rule is ambient
       * @see docs/rules.md#pages-and-ambient-rules
       */
      origins: v.optional(v.union([v.literal('*'), v.array(origin)], 'takes "*" or a list of origins')),
      /**
       * Up to 32 request fields that pages may send in addition to those that downloads need.
       *
       * @default none
       */
      headers: v.optional(v.pipe(v.array(requestField, REQUEST_FIELD), v.maxLength(32, 'takes 32 names at the most'))),
    }),
    {},
  ),
  /**
   * Whether a storage body that breaks is continued with another read, at the exact byte.
   *
   * @default `true`; `false` over the R2 binding
   * @see docs/operations.md#a-storage-body-that-breaks
   */
  resume: v.optional(resume),
  /**
   * Number of connections to the storage for one download; on Workers at most 4.
   *
   * @default `false`, which is one
   * @see docs/operations.md#faster-downloads-through-several-connections
   */
  parallelReads: v.optional(parallelReads),
  /**
   * Settings of the block cache. Without a cache they have no effect.
   *
   * @see docs/caching.md
   */
  blocks: v.optional(
    table({
      /**
       * Size of a block in bytes: smaller for random reads (archives, GeoTIFF, Parquet), larger for whole downloads.
       * With another size, the cache starts empty.
       *
       * @default 1 MiB; 8 MiB on Workers
       */
      size: v.optional(count(64 * MiB, 'bytes', 64 * 1024)),
      /**
       * How long metadata are fresh, in ms, which is how long an old version may be served; `"forever"` if objects are
       * never replaced.
       *
       * @takes ms or `"forever"`
       */
      ttl: v.optional(v.union([v.literal('forever'), milliseconds], 'takes ms or "forever"'), 30_000),
      /** How long the absence of an object is cached, in ms, which is how long a new object may still be 404. */
      negativeTtl: v.optional(milliseconds, 5_000),
      /** How long after `ttl` stale metadata are used while they are revalidated, in ms (RFC 5861 §3). */
      staleWhileRevalidate: v.optional(count(YEAR, 'ms'), 0),
      /** How long after `ttl` stale metadata are used if the storage is unavailable, in ms (RFC 5861 §4). */
      staleIfError: v.optional(count(YEAR, 'ms'), 0),
    }),
    {},
  ),
  /** Limits of requests for several ranges. */
  ranges: v.optional(
    table({
      /** Most ranges of a request. A request with more gets 200. */
      maxRanges: v.optional(count(10_000, 'ranges'), 1_000),
      /**
       * Most storage reads for one response in parts. A request that needs more gets 200. The free plan of Workers
       * allows 50 subrequests.
       */
      maxReads: v.optional(count(10_000, 'reads'), 256),
      /** A gap of at most this many bytes is read and discarded, in place of another read. */
      nearGap: v.optional(count(Number.MAX_SAFE_INTEGER, 'bytes'), 64 * 1024),
    }),
    {},
  ),
  /**
   * Fields that are added to 200, 206 and 304 responses, such as Content-Security-Policy.
   *
   * @takes a table, name to value
   * @see docs/configuration.md#fields-of-your-own
   */
  headers: v.optional(
    v.custom<MountHeaders>(
      (value) => validateHeaders(value) === undefined,
      ({ input }) => validateHeaders(input) ?? '',
    ),
  ),
  /**
   * Whether S3 is asked for the digests that it has (checksum mode). With KMS, HEAD then takes the permission
   * `kms:Decrypt` too. Other stores give theirs unasked.
   *
   * @see docs/http.md#digests
   */
  digests: v.optional(booleanSetting, false),
};

const SettingsSchema = v.strictObject(settingsEntries, 'takes a table of fields');

/** Settings as written: every field optional. */
export type SettingsInput = v.InferInput<typeof SettingsSchema>;

/** Settings with every default filled in. */
export type Settings = v.InferOutput<typeof SettingsSchema>;

/**
 * Validates settings and fills in the defaults.
 *
 * @param fieldPrefix prefix of field names in the message, such as `mounts.0.`
 * @throws SettingsError that names every unknown or invalid field and its valid form
 */
export function parseSettings(input: unknown, fieldPrefix = ''): Settings {
  return check(SettingsSchema, input, fieldPrefix);
}

/**
 * Range limits that are not configurable, since `maxRanges`, `maxReads` and `nearGap` already limit the same requests.
 *
 * 1,000 ranges with offsets of 15 digits, as in an object of 999 TB, have 32,000 characters. 1,000 ranges with near
 * gaps of 64 KiB have gaps of 62.4 MiB in all. So with default settings, near gaps never exceed `maxGapBytes`; only
 * larger gaps do, which are read because there are too many reads otherwise.
 */
const FIXED_LIMITS = { maxFieldLength: 32 * 1024, maxGapBytes: 64 * MiB };

/** Converts the settings to the range policy that the HTTP rules take. */
export function toRangePolicy({ ranges, headRange }: Settings): RangePolicy {
  return { ...FIXED_LIMITS, ...ranges, headRange };
}

/** Schema of a prefix of keys. Keys with a `.` or `..` segment, or with NUL, are never read. */
export const keyPrefix = text(/^(?!(?:.*\/)?\.{1,2}\/)[^\0]*$/s, 'takes a text without "." and ".." between slashes');

/** Schemas of a mount's location: path and host. */
export const locationEntries = {
  /** Path of the mount, which has everything below it. The longest path that matches a request wins. */
  path: v.optional(
    text(
      /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)*\/?$/,
      'takes a path such as "/releases", of letters, digits and "-._~" between slashes',
    ),
    '/',
  ),
  /**
   * Host of the mount, in lower case, without a port. Of two mounts with the same path, the mount with the host wins.
   *
   * @default any
   */
  host: v.optional(
    text(
      /^(?!\.|.*\.\.)[a-z\d.-]*[a-z\d-]$|^\[[\da-f:.]+\]$/,
      'takes a name in lower case without a port, and no dot at its end, such as "files.example.com"',
    ),
  ),
};
