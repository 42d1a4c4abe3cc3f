import { settingsError } from '../base/settings-error.ts';

/**
 * A fallback is written in one place. If it is named in a variable, which is not read, the store has none.
 *
 * @throws SettingsError where a variable that is not empty has such a name
 */
export function assertNoFallback(env: object): void {
  const name = Object.entries(env).find(([key, value]) => /^(?:S3|RANGEWAY)_FALLBACK_/.test(key) && value !== '')?.[0];
  if (name === undefined) return;
  throw settingsError(`${name} is not read; a mount takes it, as fallback = { type = "s3", bucket = "…" }`);
}
