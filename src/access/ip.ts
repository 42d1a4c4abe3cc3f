import { ambient, granted, refused, type AccessRule } from './access.ts';
import { isInCidr, parseCidr } from './cidr.ts';
import { settingsError } from '../base/settings-error.ts';

/**
 * Makes a rule that grants requests from certain client addresses. If the platform does not know the client's address,
 * the request is refused. The rule is ambient: without `cors.origins`, no page can read the responses, because every
 * page in an allowed browser has the allowed address.
 *
 * @param blocks addresses or CIDR blocks, IPv4 and IPv6; `0.0.0.0/0` is every IPv4 address and no IPv6 address
 * @throws SettingsError that names the malformed block
 *
 * @example
 * import { createGateway, ipAccess, memoryStore } from 'rangeway';
 *
 * const access = ipAccess(['203.0.113.0/24', '2001:db8::/32']);
 * export default createGateway({ store: memoryStore(), access });
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
