import type { Config } from '../config/config.ts';
import { needsOf, type AccessNeeds } from '../access/access.ts';
import type { AccessConfig } from '../config/access-config.ts';
import { corsPolicy } from '../gateway/open-mounts.ts';
import { type CorsPolicy } from '../http/index.ts';
import { assertParallelReads, WORKERS_PARALLEL_READS } from '../config/parallel-reads-setting.ts';
import { assertDistinctLocations } from '../gateway/match-mount.ts';
import { assertReadable } from './s3/s3-readable.ts';

// Apart from node.ts, so that who only checks a configuration does not wait for a storage's SDK to load.
export { parseConfig, type Config } from '../config/config.ts';
export type { AccessConfig } from '../config/access-config.ts';

/**
 * What can be told of a configuration without its stores and secrets, beyond what its schema says.
 *
 * @param isWorker whether it is for Workers
 * @throws SettingsError where two mounts are alike, for a bucket that can't be read in the way that is set, and for more
 * `parallelReads` than the platform allows
 */
export function checkConfig({ mounts }: Config, isWorker = false): void {
  const most = isWorker ? WORKERS_PARALLEL_READS : undefined;
  for (const [i, { parallelReads }] of mounts.entries())
    assertParallelReads(parallelReads, most, mounts.length > 1 ? `mounts.${i}.` : '');
  for (const store of mounts.flatMap(({ store: defaultStore, fallback }) => [defaultStore, fallback])) {
    if (store?.type === 's3') assertReadable(store);
  }
  assertDistinctLocations(mounts.map(({ path, host }) => ({ path: path.replace(/\/$/, ''), host })));
}

/** What pages may do at a mount, by its table `cors` and its rule. */
export function corsOf(cors: Parameters<typeof corsPolicy>[0], access: AccessConfig): CorsPolicy {
  return corsPolicy(cors, needsOfConfig(access));
}

/** What the rule will need that is made of a configuration. */
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
