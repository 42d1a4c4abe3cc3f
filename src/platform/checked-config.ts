import { settingsError } from '../base/settings-error.ts';
import type { Config } from '../config/config.ts';
import { needsOf, type AccessNeeds } from '../access/access.ts';
import type { AccessConfig } from '../config/access-config.ts';
import { assertMetrics } from '../config/metrics-config.ts';
import { assertLog } from '../config/log-config.ts';
import { assertExact, assertOneToken, assertTransfers, type TransfersConfig } from '../config/transfers-config.ts';
import { corsPolicy } from '../gateway/open-mounts.ts';
import { type CorsPolicy } from '../http/index.ts';
import { assertListingLimit, LAMBDA_LISTING_LIMIT, WORKERS_LISTING_LIMIT } from '../config/listing-limit-setting.ts';
import { assertParallelReads, WORKERS_PARALLEL_READS } from '../config/parallel-reads-setting.ts';
import { assertPublicCaching } from '../config/inherit.ts';
import { assertDistinctLocations } from '../gateway/match-mount.ts';
import { withSettingName } from '../config/schema.ts';
import { assertReadable } from './s3/s3-readable.ts';

// Separate from rangeway/node, so that a command that only checks a configuration does not load the AWS SDK.
export { parseConfig, type Config } from '../config/config.ts';
export type { AccessConfig } from '../config/access-config.ts';

/** Where a gateway runs. */
export type Platform = 'node' | 'workers' | 'lambda';

export const PLATFORMS: readonly Platform[] = ['node', 'workers', 'lambda'];

/** The most entries of a page of a listing. */
const MAX_LISTING: Readonly<Record<Platform, number | undefined>> = {
  node: undefined,
  workers: WORKERS_LISTING_LIMIT,
  lambda: LAMBDA_LISTING_LIMIT,
};

type TypedField = 'store' | 'fallback' | 'cache' | 'transfers.store';

/** The types of stores and caches that each platform has. */
export const PLATFORM_TYPES: Readonly<Record<Platform, Readonly<Record<TypedField, readonly string[]>>>> = {
  node: {
    store: ['s3', 'dir'],
    fallback: ['s3', 'dir'],
    cache: ['memory', 'disk'],
    'transfers.store': ['sqlite', 'memory'],
  },
  workers: {
    store: ['r2', 's3'],
    fallback: ['r2', 's3'],
    cache: ['workers', 'tiered'],
    'transfers.store': ['durable-object', 'memory'],
  },
  lambda: { store: [], fallback: ['s3'], cache: ['memory'], 'transfers.store': ['memory'] },
};

/**
 * Checks what the schema of a configuration can't express, without opening its stores or reading its secrets.
 *
 * @param platform that the configuration is for; left out if any
 * @throws SettingsError if two mounts have the same location, if a bucket can't be read in the way that is set, if the
 *   platform has no such store or cache, if `parallelReads` or `listingLimit` is more than it allows, or if a setting
 *   has no effect
 */
export function checkConfig(
  { mounts, cache, limits, log, admin, purge, metrics, transfers }: Config,
  platform?: Platform,
): void {
  assertOneToken(admin, purge);
  assertLog(log);
  assertMetrics(metrics, admin !== undefined, platform);
  if (platform !== undefined && platform !== 'node' && limits.drainDelay > 0) {
    throw settingsError(
      `has no effect on ${platform}; only rangeway serve is stopped by a signal`,
      'limits.drainDelay',
    );
  }
  if (transfers !== undefined) checkTransfers(transfers, admin !== undefined, platform);
  const max = platform === 'workers' ? WORKERS_PARALLEL_READS : undefined;
  if (platform !== undefined && cache !== undefined) assertType('', 'cache', cache.type, platform);
  for (const [i, mount] of mounts.entries()) {
    const { parallelReads, store, fallback, access, cdnCacheControl, cacheTags, transfers: counting } = mount;
    const where = mounts.length > 1 ? `mounts.${i}.` : '';
    assertPublicCaching({ cdnCacheControl, cacheTags }, access === 'public', where);
    assertParallelReads(parallelReads, max, where);
    assertListingLimit(mount, platform && MAX_LISTING[platform], where);
    if (platform === undefined) continue;
    assertExact(counting, platform === 'workers', where);
    if (store !== undefined) assertType(where, 'store', store.type, platform);
    if (fallback !== undefined) assertType(where, 'fallback', fallback.type, platform);
  }
  for (const [i, mount] of mounts.entries()) {
    for (const use of ['store', 'fallback'] as const) {
      const store = mount[use];
      const where = mounts.length > 1 ? `mounts.${i}.${use}` : use;
      if (store?.type === 's3') withSettingName(where, () => assertReadable(store));
    }
  }
  assertDistinctLocations(mounts.map(({ path, host }) => ({ path: path.replace(/\/$/, ''), host })));
}

/** The platform's own store of transfers. */
const OWN_TRANSFERS = { node: 'sqlite', workers: 'durable-object', lambda: 'memory' } as const;

function checkTransfers(transfers: TransfersConfig, hasAdmin: boolean, platform: Platform | undefined): void {
  const { type } = transfers.store ?? {};
  if (platform !== undefined && type !== undefined) assertType('', 'transfers.store', type, platform);
  assertTransfers(transfers, type ?? (platform && OWN_TRANSFERS[platform]), hasAdmin);
}

function assertType(where: string, field: TypedField, type: string, platform: Platform): void {
  const types = PLATFORM_TYPES[platform][field];
  if (types.includes(type)) return;
  if (types.length === 0) {
    const instead = 'leave it out, and set a prefix';
    throw settingsError(`on ${platform} a mount reads the bucket of the function; ${instead}`, `${where}${field}`);
  }
  const names = types.map((one) => `"${one}"`).join(' and ');
  throw settingsError(`${platform} has ${names}, not "${type}"`, `${where}${field}.type`);
}

/**
 * Returns the CORS policy of a mount.
 *
 * @param cors the mount's `cors` setting
 * @param access the mount's access rule: it decides whether any origin may read
 */
export function toCorsPolicy(cors: Parameters<typeof corsPolicy>[0], access: AccessConfig): CorsPolicy {
  return corsPolicy(cors, needsOfConfig(access));
}

/** Returns what a client needs to be granted by a configured rule, without creating the rule. */
function needsOfConfig(access: AccessConfig): AccessNeeds | undefined {
  if (access === 'public') return 'nothing';
  switch (access.type) {
    case 'ip':
    case 'referer':
      return 'ambient';
    case 'anyOf':
    case 'allOf':
      return needsOf(access.type, access.rules.map(needsOfConfig));
    case 'signed':
    case 'basic':
    case 'jwt':
      return undefined;
  }
}
