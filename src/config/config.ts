import * as v from 'valibot';
import { settingsError } from '../base/settings-error.ts';
import { accessSchema } from './access-config.ts';
import { assertInherited, inheritFields } from './inherit.ts';
import { LimitsSchema, type Limits } from './limits.ts';
import { LOGGED, type Logged } from '../observe/log.ts';
import { OVERFLOW_POLICIES } from './size-limit.ts';
import { keyPrefix, locationEntries, settingsEntries } from './settings.ts';
import { booleanSetting, check, count, MiB, mountList, secretName, text, url } from './schema.ts';
import { exactTransfers, TransfersSchema, type TransfersConfig } from './transfers-config.ts';
import { STORAGE_ADDRESS } from './urls.ts';

const bytes = count(Number.MAX_SAFE_INTEGER, 'bytes', 1);

const name = (description: string) => text(/^[^\0]+$/, `takes ${description}`);
const address = url(STORAGE_ADDRESS, 'takes an address such as "https://s3.example.com"');
const bucket = text(/^[\w.-]{3,255}$/, 'takes the name of a bucket');

/** The store of a mount. Each platform accepts some of the types. */
const store = v.variant(
  'type',
  [
    v.strictObject({ type: v.literal('r2'), binding: name('the name of an R2 binding') }),
    v.strictObject({
      type: v.literal('s3'),
      bucket,
      endpoint: v.optional(address),
      region: v.optional(text(/^[\w-]{1,64}$/, 'takes a region, such as "eu-central-1"')),
      pathStyle: v.optional(booleanSetting),
      /** Meaning of a 403 for an object: it does not exist, or access to it is denied. */
      forbidden: v.optional(v.picklist(['missing', 'denied'], 'takes "missing" or "denied"')),
      /**
       * Reads with presigned URLs or with the SDK's commands. By default presigned URLs, if the bucket supports them.
       */
      reads: v.optional(v.picklist(['presigned', 'commands'], 'takes "presigned" or "commands"')),
    }),
    v.strictObject({
      type: v.literal('dir'),
      path: name('a folder'),
      /** Whether to serve files whose path has a segment that begins with a dot. */
      hidden: v.optional(booleanSetting, false),
      /** Whether the entity tag of a file is its SHA-256, if its piece index is current. By default made of its times. */
      etag: v.optional(v.literal('digest', 'takes "digest"')),
    }),
  ],
  'takes a table whose type is "r2", "s3" or "dir"',
);

/** Configuration of a store. */
export type StoreConfig = v.InferOutput<typeof store>;

const disk = v.pipe(
  v.strictObject({
    type: v.literal('disk'),
    folder: name('a folder'),
    bytes: v.optional(bytes, 10 * 1024 * MiB),
    /** Size of the memory tier in front of the disk, in bytes. */
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

/** The block cache. Each platform accepts some of the types. */
const cache = v.variant(
  'type',
  [
    v.strictObject({ type: v.literal('memory'), bytes: v.optional(bytes, 256 * MiB) }),
    disk,
    v.strictObject({ type: v.literal('tiered') }),
    v.strictObject({
      type: v.literal('workers'),
      origin: url(
        /^https:\/\/[^/?#\s@]+$/,
        'takes the origin of a host that the Worker answers for, such as "https://files.example.com"',
      ),
    }),
  ],
  'takes a table whose type is "memory", "disk", "workers" or "tiered"',
);

/** Configuration of the block cache. */
export type CacheConfig = v.InferOutput<typeof cache>;

const piecesTable = v.strictObject({
  /** Name of the bucket or binding, or path of the folder, of the indexes. By default where the objects are. */
  bucket: v.optional(name('a bucket, a binding or a folder')),
  /** Prefix of the keys of indexes. */
  prefix: v.optional(v.string('takes a text')),
});

const piecesSwitch = v.boolean('takes true, false, or a table with the fields bucket, prefix');

/** Whether objects have piece indexes, and where. It is lazy, because a union does not name the invalid field. */
const pieces: v.GenericSchema<PiecesConfig> = v.lazy((input) =>
  typeof input === 'object' && input !== null && !Array.isArray(input) ? piecesTable : piecesSwitch,
);

/** Configuration of piece indexes. */
export type PiecesConfig = boolean | { readonly bucket?: string | undefined; readonly prefix?: string | undefined };

/** Fields of a mount that may also be written at the top level, as defaults for all mounts. */
const shared = {
  ...settingsEntries,
  /** The access rule. By default public. */
  access: v.optional(accessSchema, 'public'),
  /** Whether objects have piece indexes, which are served at `?pieces` and `?meta4`. */
  pieces: v.optional(pieces, false),
  /** Handling of a response body that is too large for the platform. By default the platform's own setting. */
  overflow: v.optional(v.picklist(OVERFLOW_POLICIES, 'takes "redirect", "partial" or "refuse"')),
};

const MountSchema = v.strictObject(
  {
    ...shared,
    ...locationEntries,
    /** By default the platform's own store: its bound or configured bucket. */
    store: v.optional(store),
    /** Store that is read if `store` is unavailable. */
    fallback: v.optional(store),
    /** Prefix of every key, added unchanged. */
    prefix: v.optional(keyPrefix),
    /** `false` excludes the mount from the block cache. */
    cache: v.optional(v.literal(false, 'takes false; the cache itself stands above all mounts')),
    /** `exact`: on Workers, the bytes of broken responses are counted for transfers, which costs CPU time. */
    transfers: v.optional(exactTransfers),
  },
  'takes a table of fields',
);

/** Schema of a configuration as a whole; `parseConfig` also fills in what mounts inherit. */
export const ConfigSchema = v.strictObject({
  ...shared,
  limits: v.optional(LimitsSchema, {}),
  /** The requests that are logged. */
  logged: v.optional(v.picklist(LOGGED, 'takes "requests" or "errors"'), 'requests'),
  /** The block cache. By default none. */
  cache: v.optional(cache),
  /** Purge requests need the token that the named variable or secret holds. */
  purge: v.optional(v.strictObject({ token: secretName }, 'takes a table with the field token')),
  /** The token of the administrator, which the named variable or secret holds: reads transfers, and purges. */
  admin: v.optional(v.strictObject({ token: secretName }, 'takes a table with the field token')),
  /** The state of downloads. By default it is not kept. */
  transfers: v.optional(TransfersSchema),
  /** On Node: number of proxies in front of the gateway whose X-Forwarded-For is trusted. */
  trustedProxies: v.optional(count(10, 'proxies'), 0),
  /** By default one mount: the platform's own store at the root. */
  mounts: v.optional(mountList(MountSchema)),
  /** The address of schema.json, for editors. */
  $schema: v.optional(v.string('takes a text')),
});

/** A configuration as written, for any platform. */
export type ConfigInput = v.InferInput<typeof ConfigSchema>;

/** One mount, with inherited fields and defaults filled in. */
export type MountConfig = v.InferOutput<typeof MountSchema>;

/** A validated configuration with every default filled in. */
export interface Config {
  readonly limits: Limits;
  readonly logged: Logged;
  readonly cache: CacheConfig | undefined;
  /** Name of the variable or secret that holds the token. */
  readonly purge: { readonly token: string } | undefined;
  /** Name of the variable or secret that holds the token. */
  readonly admin: { readonly token: string } | undefined;
  readonly transfers: TransfersConfig | undefined;
  readonly trustedProxies: number;
  readonly mounts: readonly MountConfig[];
}

/**
 * Validates a configuration and fills in the defaults. A field of a mount has the mount's own value, else the value of
 * the top level ({@link inheritFields}), else the default.
 *
 * @param input parsed TOML or JSON, or an object in code
 * @throws SettingsError that names every unknown or invalid field and its valid form
 *
 * @example
 * import { parseConfig } from 'rangeway';
 *
 * const config = parseConfig({ mounts: [{ path: '/releases', store: { type: 'dir', path: './releases' } }] });
 * console.log(config.mounts.length);
 */
export function parseConfig(input: unknown): Config {
  const { limits, logged, cache: blockCache, purge, admin, transfers, trustedProxies } = check(ConfigSchema, input);
  // Inherited fields are taken from the input, because the validated value has defaults in place of absent fields.
  const {
    $schema: _schema,
    limits: _limits,
    logged: _logged,
    cache: _cache,
    purge: _purge,
    admin: _admin,
    transfers: _transfers,
    trustedProxies: _trustedProxies,
    mounts: writtenMounts,
    ...topLevel
  } = toTable(input);
  const common = { limits, logged, cache: blockCache, purge, admin, transfers, trustedProxies };
  if (!Array.isArray(writtenMounts)) {
    const mount = check(MountSchema, topLevel);
    assertDigests([mount]);
    return { ...common, mounts: [mount] };
  }
  const tables = writtenMounts.map(toTable);
  const exact = tables.findIndex((table) => table['transfers'] !== undefined);
  if (exact >= 0 && transfers === undefined) {
    throw settingsError('has no effect without transfers at the top level', `mounts.${exact}.transfers`);
  }
  assertInherited({ ...topLevel, cache: blockCache }, tables);
  const mounts = tables.map((table) => check(MountSchema, inheritFields(topLevel, table)));
  assertDigests(mounts);
  return { ...common, mounts };
}

/** Refuses `digests` if none of the stores with that setting is S3, or may be: that of the platform is not named. */
function assertDigests(mounts: readonly MountConfig[]): void {
  const asked = mounts.filter(({ digests }) => digests);
  const mayBeS3 = asked.some(
    ({ store: own, fallback }) => own === undefined || own.type === 's3' || fallback?.type === 's3',
  );
  if (asked.length === 0 || mayBeS3) return;
  throw settingsError('digests: has no effect without a store of type "s3"; other stores give their digests unasked');
}

function toTable(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
