import { withoutUser } from '../config/urls.ts';
import { isReadableKey } from '../store/key-rules.ts';
import { usageError } from './usage.ts';

/**
 * Checks the address of a gateway or of a mount: no user, no query.
 *
 * @param name of the command
 * @throws UsageError if it is missing or no such address
 */
export function parseGatewayUrl(name: string, base: string | undefined): string {
  if (base === undefined)
    throw usageError(`${name} needs --url, the address of the gateway: https://files.example.com`);
  if (/^https?:\/\/[^/?#@]+(?:\/[^?#]*)?$/.test(base) && URL.canParse(base)) return base;
  const shown = withoutUser(base.replace(/[?#].*/s, '?…'));
  throw usageError(`--url takes an address such as https://files.example.com/releases, not "${shown}"`);
}

/**
 * Returns the address of an object below a gateway.
 *
 * @param base as {@link parseGatewayUrl} returns it; a slash at its end changes nothing
 * @returns `undefined` if no gateway serves the key: one with a `.` or `..` segment, too long, not well-formed, or empty
 */
export function objectAddress(base: string, key: string): URL | undefined {
  if (!isReadableKey(key)) return undefined;
  return new URL(`${base.replace(/\/$/, '')}/${key.split('/').map(encodeURIComponent).join('/')}`);
}
