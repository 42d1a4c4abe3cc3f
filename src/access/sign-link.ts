import type { LinkKey } from './link-key.ts';
import { hasLink, printLink } from './link-parameters.ts';
import { isLinkText, LINK_FIELDS, linkText, toTexts, type LinkField, type LinkTerms } from './link-terms.ts';
import { isWithin, plainPath } from './path.ts';

/**
 * Makes a link that opens an address, until it expires. A response that is running then is not cut; a download that is
 * continued afterwards gets 403, so let the link live for as long as the slowest download may take.
 *
 * The address's host and scheme are not signed, nor are parameters that it has already: one link is good for every name
 * that leads to the gateway.
 *
 * @param url absolute, as clients ask for it: with the path of the mount, where there is one
 * @throws RangeError that says which term can't be signed, and what it takes
 */
export async function signLink(url: string | URL, terms: LinkTerms, key: LinkKey): Promise<string> {
  const signed = new URL(url);
  const path = plainPath(signed.pathname);
  if (path === undefined) throw new RangeError(`the path ${signed.pathname} takes no link: ${PATH_TAKES}`);
  if (hasLink(signed.searchParams)) throw new RangeError('the address is a link already; sign it without rgw-…');
  const texts = toTexts(key.id, terms);
  for (const field of LINK_FIELDS) {
    const text = texts[field];
    if (text === undefined || isLinkText(field, text)) continue;
    throw new RangeError(`${TAKES[field]}, not ${JSON.stringify(text).slice(0, 80)}`);
  }
  if (terms.prefix !== undefined && !isWithin(path, terms.prefix)) {
    throw new RangeError(`the prefix ${terms.prefix} is not where ${path} is`);
  }
  if (terms.notBefore !== undefined && terms.notBefore >= terms.expires) {
    throw new RangeError('the link would expire before it is valid');
  }
  const parameters = printLink(texts, await key.sign(linkText(path, texts)));
  const others = signed.search.slice(1);
  signed.search = others === '' ? parameters : `${others}&${parameters}`;
  return signed.href;
}

const PATH_TAKES =
  'it may have no %2F (write a slash), no control characters, no hidden . and .. segments, and has to be UTF-8';

const SECONDS = 'takes whole seconds since 1970, up to 12 digits';

const TAKES: Readonly<Record<LinkField, string>> = {
  kid: 'the id of a key takes 1 to 32 letters, digits, - and _',
  exp: `expires ${SECONDS}`,
  nbf: `notBefore ${SECONDS}`,
  prefix: 'the prefix takes a decoded path that begins and ends with a slash, without control characters',
  ip: 'clientAddress takes an address or a block, such as 203.0.113.0/24 or 2001:db8::/32',
  id: 'downloadId takes 1 to 64 letters, digits, -, ., _ and ~',
  name: 'fileName takes 1 to 255 characters, without control characters',
  rate: 'maxBytesPerSecond takes a whole number from 1, up to 12 digits',
};
