import type { Config } from '../gateway/config.ts';
import { assertPlaces } from '../gateway/mount.ts';

// Apart from node.ts, so that who only checks a configuration does not wait for a storage's SDK to load.
export { parseConfig, type Config } from '../gateway/config.ts';
export type { AccessConfig } from '../gateway/access-config.ts';

/**
 * What can be told of a configuration without its stores and secrets, beyond what its schema says.
 *
 * @throws SettingsError where two mounts are alike
 */
export function checkConfig({ mounts }: Config): void {
  assertPlaces(mounts.map(({ path, host }) => ({ path: path.replace(/\/$/, ''), host })));
}
