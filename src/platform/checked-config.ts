import type { Config } from '../config/config.ts';
import { needsOf, type AccessNeeds } from '../access/access.ts';
import type { AccessConfig } from '../config/access-config.ts';
import { corsPolicy } from '../gateway/open-mounts.ts';
import { type CorsPolicy } from '../http/index.ts';
import { assertParallelReads, WORKERS_PARALLEL_READS } from '../config/parallel-reads-setting.ts';
import { assertDistinctLocations } from '../gateway/match-mount.ts';
import { assertReadable } from './s3/s3-readable.ts';

// Separate from rangeway/node, so that a command that only checks a configuration does not load the AWS SDK.
export { parseConfig, type Config } from '../config/config.ts';
export type { AccessConfig } from '../config/access-config.ts';

/**
 * Checks what the schema of a configuration can't express, without opening its stores or reading its secrets.
 *
 * @param isWorker whether the configuration is for Workers
 * @throws SettingsError if two mounts have the same location, if a bucket can't be read in the way that is set, or if
 *   `parallelReads` is more than the platform allows
 */
export function checkConfig({ mounts }: Config, isWorker = false): void {
  const max = isWorker ? WORKERS_PARALLEL_READS : undefined;
  for (const [i, { parallelReads }] of mounts.entries())
    assertParallelReads(parallelReads, max, mounts.length > 1 ? `mounts.${i}.` : '');
  for (const store of mounts.flatMap(({ store: defaultStore, fallback }) => [defaultStore, fallback])) {
    if (store?.type === 's3') assertReadable(store);
  }
  assertDistinctLocations(mounts.map(({ path, host }) => ({ path: path.replace(/\/$/, ''), host })));
}

/**
 * Returns the CORS policy of a mount.
 *
 * @param cors the mount's `cors` setting
 * @param access the mount's access rule: it decides whether any origin may read
 */
export function corsOf(cors: Parameters<typeof corsPolicy>[0], access: AccessConfig): CorsPolicy {
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
