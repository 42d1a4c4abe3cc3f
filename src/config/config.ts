import * as v from 'valibot';
import { accessSchema } from './access-config.ts';
import { assertInherited, inherit } from './inherit.ts';
import { LimitsSchema, type Limits } from './limits.ts';
import { LOGGED, type Logged } from '../observe/log.ts';
import { OVERFLOW_POLICIES } from './size-limit.ts';
import { locationEntries, settingsEntries } from './settings.ts';
import { check, count, MiB, mountList, onOff, secretName, text } from './schema.ts';

const bytes = count(Number.MAX_SAFE_INTEGER, 'bytes', 1);

const name = (what: string) => text(/^[^\0]+$/, `takes ${what}`);
const address = text(/^https?:\/\/[^/\s@]+\/?$/, 'takes an address such as "https://s3.example.com"');
const bucket = text(/^[\w.-]{3,255}$/, 'takes the name of a bucket');

/** Where a mount's objects are. Which of them there are is the platform's to say. */
const store = v.variant(
  'type',
  [
    v.strictObject({ type: v.literal('r2'), binding: name('the name of an R2 binding') }),
    v.strictObject({
      type: v.literal('s3'),
      bucket,
      endpoint: v.optional(address),
      region: v.optional(name('a region')),
      pathStyle: v.optional(onOff),
      /** What a 403 for an object means. */
      forbidden: v.optional(v.picklist(['missing', 'denied'], 'takes "missing" or "denied"')),
      /** By presigned addresses, or by the SDK's commands. By default the former, where the bucket has them. */
      reads: v.optional(v.picklist(['presigned', 'commands'], 'takes "presigned" or "commands"')),
    }),
    v.strictObject({
      type: v.literal('dir'),
      path: name('a folder'),
      /** Whether files whose path has a name that begins with a dot are served. */
      hidden: v.optional(onOff, false),
    }),
  ],
  'takes a table whose type is "r2", "s3" or "dir"',
);

/** A store, by its type. */
export type StoreConfig = v.InferOutput<typeof store>;

const disk = v.pipe(
  v.strictObject({
    type: v.literal('disk'),
    folder: name('a folder'),
    bytes: v.optional(bytes, 10 * 1024 * MiB),
    /** Of a tier in memory before the disk. */
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

/** Where blocks are kept. Which of them there are is the platform's to say. */
const cache = v.variant(
  'type',
  [
    v.strictObject({ type: v.literal('memory'), bytes: v.optional(bytes, 256 * MiB) }),
    disk,
    v.strictObject({ type: v.literal('tiered') }),
    v.strictObject({
      type: v.literal('workers'),
      origin: text(
        /^https:\/\/[^/?#\s@]+$/,
        'takes the origin of a host that the Worker answers for, such as "https://files.example.com"',
      ),
    }),
  ],
  'takes a table whose type is "memory", "disk", "workers" or "tiered"',
);

/** A cache, by its type. */
export type CacheConfig = v.InferOutput<typeof cache>;

/** What a mount has, and what may stand above all mounts in its place. */
const shared = {
  ...settingsEntries,
  /** Who may read. By default everybody. */
  access: v.optional(accessSchema, 'public'),
  /** What is done about an answer that the platform can't send. By default what the platform was told. */
  overflow: v.optional(v.picklist(OVERFLOW_POLICIES, 'takes "redirect", "partial" or "refuse"')),
};

const MountSchema = v.strictObject(
  {
    ...shared,
    ...locationEntries,
    /** By default the platform's own: the bucket that it is bound to, or was told. */
    store: v.optional(store),
    /** Asked where the store is out of reach. */
    fallback: v.optional(store),
    /** Put before every key, as it is. */
    prefix: v.optional(v.string('takes a text')),
    /** That no blocks are kept, though there is a cache. */
    cache: v.optional(v.literal(false, 'takes false; the cache itself stands above all mounts')),
  },
  'takes a table of fields',
);

const ConfigSchema = v.strictObject({
  ...shared,
  limits: v.optional(LimitsSchema, {}),
  /** Which requests make a line of the log. */
  logged: v.optional(v.picklist(LOGGED, 'takes "requests" or "errors"'), 'requests'),
  /** Where blocks are kept. By default nowhere. */
  cache: v.optional(cache),
  /** Who may make the gateway ask the storage again: whoever sends what this variable or secret holds. */
  purge: v.optional(v.strictObject({ token: secretName }, 'takes a table with the field token')),
  /** On Node: how many proxies stand in front whose X-Forwarded-For is believed. */
  trustedProxies: v.optional(count(10, 'proxies'), 0),
  /** By default one: the platform's own store at the root. */
  mounts: v.optional(mountList(MountSchema)),
});

/** A configuration as it is written, on any platform. */
export type ConfigInput = v.InferInput<typeof ConfigSchema>;

/** One mount, with what holds for all filled in. */
export type MountConfig = v.InferOutput<typeof MountSchema>;

/** A configuration that was checked, with every default filled in. */
export interface Config {
  readonly limits: Limits;
  readonly logged: Logged;
  readonly cache: CacheConfig | undefined;
  /** The name of what holds the token. */
  readonly purge: { readonly token: string } | undefined;
  readonly trustedProxies: number;
  readonly mounts: readonly MountConfig[];
}

/**
 * Checks a configuration and fills in the defaults: a mount's own word, else what stands above ({@link inherit}), else
 * the default.
 *
 * @throws SettingsError that names every field which is unknown or wrong, and what it takes
 */
export function parseConfig(input: unknown): Config {
  const { limits, logged, cache: kept, purge, trustedProxies } = check(ConfigSchema, input);
  // From what was written: what was checked has defaults where nothing was said.
  const {
    limits: _l,
    logged: _g,
    cache: _c,
    purge: _p,
    trustedProxies: _t,
    mounts: written,
    ...above
  } = toTable(input);
  const common = { limits, logged, cache: kept, purge, trustedProxies };
  if (!Array.isArray(written)) return { ...common, mounts: [check(MountSchema, above)] };
  const tables = written.map(toTable);
  assertInherited({ ...above, cache: kept }, tables);
  return { ...common, mounts: tables.map((table) => check(MountSchema, inherit(above, table))) };
}

function toTable(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
