import { refused, type AccessRequest, type Refused, granted, type AccessRule } from './access.ts';
import { isInCidr, parseCidr } from './cidr.ts';
import type { LinkKeys } from './link-key.ts';
import { parseLink } from './link-parameters.ts';
import { signedText, textsToTerms, type LinkTerms } from './link-terms.ts';
import { isWithin, decodeAccessPath } from './path.ts';

/** The result of verifying a link: its terms, or the reason for a refusal. */
export type LinkVerdict =
  | { readonly type: 'valid'; readonly terms: LinkTerms }
  | Extract<Refused, { readonly type: 'refused' }>;

/** The parts of a request, besides its URL, that a link is verified for. */
export type LinkUse = Pick<AccessRequest, 'now'> & Partial<Pick<AccessRequest, 'method' | 'clientAddress'>>;

/**
 * Verifies a signed link. An invalid link gives a refusal and never an exception.
 *
 * @param url absolute URL of the request, with the parameters of the link
 * @param use `now` in seconds since the epoch; `method` is `GET` by default; a link that is bound to a client address
 *   is refused without `clientAddress`
 * @param keys the link is valid if one of these keys has signed it
 * @throws TypeError if `url` is not an absolute URL
 *
 * @example
 * import { parseLinkKeys, verifyLink } from 'rangeway';
 *
 * const keys = parseLinkKeys(process.env['RANGEWAY_KEYS'] ?? '');
 * const now = Math.floor(Date.now() / 1000);
 * const verdict = await verifyLink('https://files.example.com/app.zip?rgw-kid=…', { now }, keys);
 * console.log(verdict.type === 'valid' ? verdict.terms : verdict.reason);
 */
export async function verifyLink(url: string | URL, use: LinkUse, keys: LinkKeys): Promise<LinkVerdict> {
  const { pathname, search } = new URL(url);
  const { method = 'GET', clientAddress, now } = use;
  return checkLink({ method, clientAddress, now, path: pathname, query: search.slice(1) }, keys);
}

/**
 * Verifies the link of a request. The signature is verified first: without a valid one, no term of the link is used,
 * and every fault has the same verdict. The times are checked last: `expired` is reported only if the link is valid for
 * this path and client otherwise.
 */
export async function checkLink(
  { method, path, query, clientAddress, now }: Omit<AccessRequest, 'headers'>,
  keys: LinkKeys,
): Promise<LinkVerdict> {
  const plain = decodeAccessPath(path);
  const link = parseLink(query);
  const key = keys.find(({ id }) => id === link?.texts.kid);
  if (plain === undefined || link === undefined || key === undefined) return refused('forbidden');
  if (!(await key.verify(link.signature, signedText(plain, link.texts)))) return refused('forbidden');
  const terms = textsToTerms(link.texts);
  const { prefix, notBefore = 0, expires } = terms;
  // A link is for reading only, so it is valid for no other method.
  if (method !== 'GET' && method !== 'HEAD') return refused('forbidden');
  if (prefix !== undefined && !isWithin(plain, prefix)) return refused('forbidden');
  if (!isFrom(clientAddress, terms.clientAddress)) return refused('forbidden');
  if (now >= expires) return refused('expired');
  if (now < notBefore) return refused('not-yet');
  return { type: 'valid', terms };
}

function isFrom(clientAddress: string | undefined, allowed: string | undefined): boolean {
  if (allowed === undefined) return true;
  const block = parseCidr(allowed);
  return block !== undefined && clientAddress !== undefined && isInCidr(clientAddress, block);
}

/**
 * Makes a rule that grants requests with a valid signed link ({@link signLink}). The grant has the file name, the
 * download id, the rate and the quotas of the link.
 *
 * @param keys the link is valid if one of these keys has signed it
 *
 * @example
 * import { createGateway, memoryStore, parseLinkKeys, signedAccess } from 'rangeway';
 *
 * const keys = parseLinkKeys(process.env['RANGEWAY_KEYS'] ?? '');
 * export default createGateway({ store: memoryStore(), access: signedAccess(keys) });
 */
export function signedAccess(keys: LinkKeys): AccessRule {
  return async (request) => {
    const verdict = await checkLink(request, keys);
    if (verdict.type === 'refused') return verdict;
    const { expires, fileName, downloadId, maxBytesPerSecond } = verdict.terms;
    const { maxDownloads: downloads, maxBytes: bytes, maxConnections: connections } = verdict.terms;
    const hasNone = downloads === undefined && bytes === undefined && connections === undefined;
    return granted({
      isPrivate: true,
      expires,
      fileName,
      downloadId,
      maxBytesPerSecond,
      rateKey: maxBytesPerSecond === undefined ? undefined : rateKeyOf(request.path, verdict.terms),
      quota: hasNone ? undefined : { downloads, bytes, connections },
    });
  };
}

/** Two spellings of one link have the same key, so that no client gets the rate twice. */
function rateKeyOf(path: string, terms: LinkTerms): string {
  const subject = terms.prefix ?? decodeAccessPath(path);
  return terms.downloadId === undefined ? JSON.stringify([subject, terms]) : `link:${terms.downloadId}`;
}
