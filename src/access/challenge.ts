import { settingsError } from '../base/settings-error.ts';

/**
 * A challenge for WWW-Authenticate (§11.6.1).
 *
 * @throws SettingsError where a parameter has characters that a quoted string has to escape, which clients get wrong
 */
export function printChallenge(scheme: string, parameters: Readonly<Record<string, string>>): string {
  const printed = Object.entries(parameters).map(([name, value]) => {
    if (/^[\x20-\x7e]*$/.test(value) && !/["\\]/.test(value)) return `${name}="${value}"`;
    throw settingsError(`${name} takes plain ASCII without quotes and backslashes`);
  });
  return `${scheme} ${printed.join(', ')}`;
}
