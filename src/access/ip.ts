import { ambient, granted, refused, type AccessRule } from './access.ts';
import { isInCidr, parseCidr } from './cidr.ts';
import { settingsError } from '../base/settings-error.ts';

/**
 * Clients whose address lies in one of the blocks may read. Where the platform does not know the address, nobody may.
 * Pages may not read the answers unless `cors.origins` says which, since a browser inside has the right address.
 *
 * @param blocks addresses or CIDR blocks, IPv4 and IPv6; `0.0.0.0/0` is every IPv4 address and no IPv6 one
 * @throws SettingsError that names what is no block
 */
export function ipAccess(blocks: readonly string[]): AccessRule {
  const allowed = blocks.map((text) => {
    const block = parseCidr(text);
    if (block !== undefined) return block;
    throw settingsError(`ip takes addresses and blocks, such as 203.0.113.0/24 or 2001:db8::/32, not ${quote(text)}`);
  });
  return ambient(({ clientAddress }) => {
    const isAllowed = clientAddress !== undefined && allowed.some((block) => isInCidr(clientAddress, block));
    return isAllowed ? granted() : refused('forbidden');
  });
}

function quote(text: string): string {
  return JSON.stringify(text).slice(0, 80);
}
