import { settingsError } from '../config/settings-error.ts';

const VARIABLES = ['FALLBACK_BUCKET', 'FALLBACK_ENDPOINT', 'FALLBACK_REGION'] as const;

/**
 * A fallback is written in one place. If it is named in a variable, which is not read, the store has none.
 *
 * @param prefix of the variables' names on this platform
 * @throws SettingsError where such a variable is set
 */
export function assertNoFallback(prefix: string, read: (name: string) => unknown): void {
  const name = VARIABLES.map((one) => `${prefix}${one}`).find((one) => (read(one) ?? '') !== '');
  if (name === undefined) return;
  throw settingsError(`${name} is not read; a mount takes it: mounts = [{ fallback = { type = "s3", bucket = "…" } }]`);
}
