import * as v from 'valibot';
import { settingsError } from '../base/settings-error.ts';
import { accessSchema } from './access-config.ts';
import { cacheSchema, type CacheConfig } from './cache-config.ts';
import { assertInherited, inheritFields } from './inherit.ts';
import { LimitsSchema, type Limits } from './limits.ts';
import { LOGGED, type Logged } from '../observe/log.ts';
import { LogSchema, type LogConfig } from './log-config.ts';
import { MetricsSchema, type MetricsConfig } from './metrics-config.ts';
import { OVERFLOW_POLICIES } from './size-limit.ts';
import { keyPrefix, locationEntries, settingsEntries } from './settings.ts';
import { check, count, mountList, secretName } from './schema.ts';
import { piecesSchema, storeSchema } from './store-config.ts';
import {
  assertQuota,
  exactTransfers,
  QuotaSchema,
  TransfersSchema,
  type QuotaConfig,
  type TransfersConfig,
} from './transfers-config.ts';

/** Fields of a mount that may also be written at the top level, as defaults for all mounts. */
const shared = {
  ...settingsEntries,
  /**
   * The access rule, which says which requests may read.
   *
   * @takes `"public"` or a table
   * @see docs/rules.md
   */
  access: v.optional(accessSchema, 'public'),
  /**
   * Whether objects have piece indexes, which are served at `?pieces` and `?meta4`.
   *
   * @see docs/verifying.md
   */
  pieces: v.optional(piecesSchema, false),
  /**
   * Handling of a response body that is too large for the function: a redirect to a short link, the first part of it,
   * or an error.
   *
   * @default as the function is configured
   * @platform lambda
   * @see docs/aws.md
   */
  overflow: v.optional(v.picklist(OVERFLOW_POLICIES, 'takes "redirect", "partial" or "refuse"')),
};

const MountSchema = v.strictObject(
  {
    ...shared,
    ...locationEntries,
    /**
     * The store of the mount. On Lambda every mount reads the bucket of the function.
     *
     * @default the platform's own: the bucket or folder of the Worker, the function or the command line
     */
    store: v.optional(storeSchema),
    /**
     * Store that is read if `store` is unavailable. In place of the platform's own store, below the same prefix.
     *
     * @see docs/operations.md#before-the-first-byte
     */
    fallback: v.optional(storeSchema),
    /** Text that is put before every key unchanged, such as `releases/` with its slash. */
    prefix: v.optional(keyPrefix),
    /**
     * Excludes the mount from the block cache.
     *
     * @default the cache of all mounts
     */
    cache: v.optional(v.literal(false, 'takes false; the cache itself stands above all mounts')),
    /**
     * Counts the bytes of broken responses for transfers, which costs CPU time on Workers. Other platforms always
     * count.
     *
     * @platform workers
     * @see docs/transfers.md
     */
    transfers: v.optional(exactTransfers),
  },
  'takes a table of fields',
);

const tokenTable = v.strictObject(
  {
    /** Name of the variable or secret that holds the token, which has at least 32 characters. */
    token: secretName,
  },
  'takes a table with the field token',
);

/** Schema of a configuration as a whole; `parseConfig` also fills in what mounts inherit. */
export const ConfigSchema = v.strictObject({
  ...shared,
  /** Limits of a process or an isolate, for all mounts together. */
  limits: v.optional(LimitsSchema, {}),
  /** The requests that are logged. `"errors"` makes Workers over R2 faster. */
  logged: v.optional(v.picklist(LOGGED, 'takes "requests" or "errors"'), 'requests'),
  /**
   * The values of log entries.
   *
   * @see docs/operations.md#the-log
   */
  log: v.optional(LogSchema, {}),
  /**
   * The block cache. Mounts share it, but never a block.
   *
   * @default none
   * @see docs/caching.md
   */
  cache: v.optional(cacheSchema),
  /**
   * Allows purges to requests with a token.
   *
   * @see docs/caching.md#purge
   */
  purge: v.optional(tokenTable),
  /**
   * Allows purges, and access to the state of downloads and to metrics, to requests with the token of the
   * administrator.
   *
   * @see docs/transfers.md
   */
  admin: v.optional(tokenTable),
  /**
   * Where the numbers of requests go. Node has `"token"`, `"public"` and `"off"`, Workers `"analytics-engine"` and
   * `"off"`, Lambda `"off"`.
   *
   * @default `"token"` on Node with `admin`, else `"off"`
   * @see docs/metrics.md
   */
  metrics: v.optional(MetricsSchema),
  /**
   * Keeps the state of downloads. It takes `admin` too.
   *
   * @see docs/transfers.md
   */
  transfers: v.optional(TransfersSchema),
  /**
   * Quotas of links, which are counted by `transfers`.
   *
   * @see docs/links.md
   */
  quota: v.optional(QuotaSchema),
  /**
   * Number of proxies in front, each of which adds its client to X-Forwarded-For. The address that the outermost adds
   * is the client's. If the number is too high, a client can forge its address.
   *
   * @platform node
   */
  trustedProxies: v.optional(count(10, 'proxies'), 0),
  /**
   * The mounts: stores under paths and hosts.
   *
   * @default the platform's own store at `/`
   * @see docs/configuration.md#mounts
   */
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
  readonly log: LogConfig;
  readonly cache: CacheConfig | undefined;
  /** Name of the variable or secret that holds the token. */
  readonly purge: { readonly token: string } | undefined;
  /** Name of the variable or secret that holds the token. */
  readonly admin: { readonly token: string } | undefined;
  readonly metrics: MetricsConfig | undefined;
  readonly transfers: TransfersConfig | undefined;
  readonly quota: QuotaConfig | undefined;
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
  const {
    limits,
    logged,
    log,
    cache: blockCache,
    purge,
    admin,
    metrics,
    transfers,
    quota,
    trustedProxies,
  } = check(ConfigSchema, input);
  assertQuota(quota, transfers !== undefined);
  // Inherited fields are taken from the input, because the validated value has defaults in place of absent fields.
  const {
    $schema: _schema,
    limits: _limits,
    logged: _logged,
    log: _log,
    cache: _cache,
    purge: _purge,
    admin: _admin,
    metrics: _metrics,
    transfers: _transfers,
    quota: _quota,
    trustedProxies: _trustedProxies,
    mounts: writtenMounts,
    ...topLevel
  } = toTable(input);
  const common = { limits, logged, log, cache: blockCache, purge, admin, metrics, transfers, quota, trustedProxies };
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
