import type { LinkKey } from './link-key.ts';
import { hasLink, printLink } from './link-parameters.ts';
import {
  hasQuota,
  isLinkText,
  LINK_FIELDS,
  signedText,
  termsToTexts,
  type LinkField,
  type LinkTerms,
} from './link-terms.ts';
import { isWithin, decodeAccessPath } from './path.ts';

/**
 * Signs a URL, so that clients may read it until the link expires. A response in progress is not cut off at that time,
 * but a download that resumes later gets 403. So choose a lifetime that is longer than the slowest download.
 *
 * The signature covers the path and the terms. It does not cover scheme, host and other parameters of the URL, so one
 * link is valid on every host name of the gateway.
 *
 * @param url absolute URL as clients request it, including the path of the mount
 * @param terms expiry and restrictions of the link. With a quota and without a `downloadId`, it gets a random one
 * @param key one of the keys that the gateway verifies with, usually the first
 * @returns the URL with the parameters of the link
 * @throws RangeError that names the invalid term and its valid form
 *
 * @example
 * import { parseLinkKeys, signLink } from 'rangeway';
 *
 * const [key] = parseLinkKeys(process.env['RANGEWAY_KEYS'] ?? '');
 * const expires = Math.floor(Date.now() / 1000) + 24 * 60 * 60;
 * const link = await signLink('https://files.example.com/releases/app.zip', { expires }, key);
 * console.log(link);
 */
export async function signLink(url: string | URL, terms: LinkTerms, key: LinkKey): Promise<string> {
  const signed = new URL(url);
  const path = decodeAccessPath(signed.pathname);
  if (path === undefined) throw new RangeError(`the path ${signed.pathname} takes no link: ${PATH_TAKES}`);
  if (hasLink(signed.searchParams)) throw new RangeError('the address is a link already; sign it without rgw-…');
  const given = termsToTexts(key.id, terms);
  const texts = hasQuota(given) && given.id === undefined ? { ...given, id: crypto.randomUUID() } : given;
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
  const parameters = printLink(texts, await key.sign(signedText(path, texts)));
  const otherParameters = signed.search.slice(1);
  signed.search = otherParameters === '' ? parameters : `${otherParameters}&${parameters}`;
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
  downloads: 'maxDownloads takes a whole number from 1, up to 12 digits',
  bytes: 'maxBytes takes a whole number from 1, up to 15 digits',
  connections: 'maxConnections takes a whole number from 1, up to 12 digits',
};
