import { settingsError } from '../base/settings-error.ts';

/**
 * Refuses environment variables that look like the settings of a fallback. They are not read: a fallback is set in a
 * mount, and without this check the store would silently have none.
 *
 * @param env names and values of variables
 * @throws SettingsError if a variable with such a name is not empty
 */
export function assertNoFallback(env: object): void {
  const name = Object.entries(env).find(([key, value]) => /^(?:S3|RANGEWAY)_FALLBACK_/.test(key) && value !== '')?.[0];
  if (name === undefined) return;
  throw settingsError(`${name} is not read; a mount takes it, as fallback = { type = "s3", bucket = "…" }`);
}
