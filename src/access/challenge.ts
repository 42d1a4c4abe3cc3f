import { settingsError } from '../base/settings-error.ts';

/**
 * Prints a challenge for WWW-Authenticate (§11.6.1).
 *
 * @param parameters values are printed as quoted strings
 * @throws SettingsError if a value is not ASCII, or has characters that need an escape, which clients parse incorrectly
 */
export function printChallenge(scheme: string, parameters: Readonly<Record<string, string>>): string {
  const printed = Object.entries(parameters).map(([name, value]) => {
    if (/^[\x20-\x7e]*$/.test(value) && !/["\\]/.test(value)) return `${name}="${value}"`;
    throw settingsError('takes plain ASCII without quotes and backslashes', name);
  });
  return `${scheme} ${printed.join(', ')}`;
}
