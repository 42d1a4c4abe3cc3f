import { settingsError } from '../base/settings-error.ts';
import type { Config } from '../config/config.ts';
import { needsOf, type AccessNeeds } from '../access/access.ts';
import type { AccessConfig } from '../config/access-config.ts';
import {
  assertOneToken,
  assertTransfers,
  type TransfersConfig,
  type TransferStoreConfig,
} from '../config/transfers-config.ts';
import { corsPolicy } from '../gateway/open-mounts.ts';
import { type CorsPolicy } from '../http/index.ts';
import { assertParallelReads, WORKERS_PARALLEL_READS } from '../config/parallel-reads-setting.ts';
import { assertDistinctLocations } from '../gateway/match-mount.ts';
import { assertReadable } from './s3/s3-readable.ts';

// Separate from rangeway/node, so that a command that only checks a configuration does not load the AWS SDK.
export { parseConfig, type Config } from '../config/config.ts';
export type { AccessConfig } from '../config/access-config.ts';

/** Where a gateway runs. */
export type Platform = 'node' | 'workers' | 'lambda';

export const PLATFORMS: readonly Platform[] = ['node', 'workers', 'lambda'];

/** The types of stores and caches that each platform has. */
const TYPES: Readonly<Record<Platform, PlatformTypes>> = {
  node: { store: ['s3', 'dir'], cache: ['memory', 'disk'], transfers: ['sqlite', 'memory'] },
  workers: { store: ['r2', 's3'], cache: ['workers', 'tiered'], transfers: ['durable-object', 'memory'] },
  lambda: { store: ['s3'], cache: ['memory'], transfers: ['memory'] },
};

interface PlatformTypes {
  readonly store: readonly string[];
  readonly cache: readonly string[];
  /** The first is the default. */
  readonly transfers: readonly TransferStoreConfig['type'][];
}

/**
 * Checks what the schema of a configuration can't express, without opening its stores or reading its secrets.
 *
 * @param platform that the configuration is for; left out if any
 * @throws SettingsError if transfers have settings without effect, if two mounts have the same location, if a bucket can't be read in the way that is set, if the
 *   platform has no such store or cache, or if `parallelReads` is more than it allows
 */
export function checkConfig({ mounts, cache, admin, purge, transfers }: Config, platform?: Platform): void {
  assertOneToken(admin, purge);
  if (transfers !== undefined) checkTransfers(transfers, admin !== undefined, platform);
  const max = platform === 'workers' ? WORKERS_PARALLEL_READS : undefined;
  if (platform !== undefined && cache !== undefined) assertType('cache', 'cache', cache.type, platform);
  for (const [i, { parallelReads, store, fallback }] of mounts.entries()) {
    const where = mounts.length > 1 ? `mounts.${i}.` : '';
    assertParallelReads(parallelReads, max, where);
    if (platform === undefined) continue;
    if (store !== undefined) assertType(`${where}store`, 'store', store.type, platform);
    if (fallback !== undefined) assertType(`${where}fallback`, 'store', fallback.type, platform);
  }
  for (const store of mounts.flatMap(({ store: defaultStore, fallback }) => [defaultStore, fallback])) {
    if (store?.type === 's3') assertReadable(store);
  }
  assertDistinctLocations(mounts.map(({ path, host }) => ({ path: path.replace(/\/$/, ''), host })));
}

function checkTransfers(transfers: TransfersConfig, hasAdmin: boolean, platform: Platform | undefined): void {
  const { type } = transfers.store ?? {};
  if (platform !== undefined && type !== undefined) assertType('transfers.store', 'transfers', type, platform);
  assertTransfers(transfers, type ?? (platform && TYPES[platform].transfers[0]), hasAdmin);
}

function assertType(where: string, kind: keyof PlatformTypes, type: string, platform: Platform): void {
  const types: readonly string[] = TYPES[platform][kind];
  if (types.includes(type)) return;
  throw settingsError(`${where}.type: ${platform} has ${types.map((one) => `"${one}"`).join(' and ')}, not "${type}"`);
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
