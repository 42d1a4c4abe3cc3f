import { refused, type AccessRequest, type Refused, granted, type AccessRule } from './access.ts';
import { isInCidr, parseCidr } from './cidr.ts';
import type { LinkKeys } from './link-key.ts';
import { readLink } from './link-parameters.ts';
import { linkText, toTerms, type LinkTerms } from './link-terms.ts';
import { isWithin, plainPath } from './path.ts';

/** What a link says of a request: what was signed, or why it opens nothing. */
export type LinkVerdict =
  | { readonly type: 'valid'; readonly terms: LinkTerms }
  | Extract<Refused, { readonly type: 'refused' }>;

/** What there is to know of a request besides its address. */
export type LinkUse = Pick<AccessRequest, 'now'> & Partial<Pick<AccessRequest, 'method' | 'clientAddress'>>;

/** Checks a link, given as the whole address that is asked for. Never throws for what the address says. */
export async function verifyLink(url: string | URL, use: LinkUse, keys: LinkKeys): Promise<LinkVerdict> {
  const { pathname, search } = new URL(url);
  const { method = 'GET', clientAddress, now } = use;
  return checkLink({ method, clientAddress, now, path: pathname, query: search.slice(1) }, keys);
}

/**
 * Checks the link that a request comes with. The signature comes first: before it holds, nothing that a link says is
 * looked at, and every fault gets the same verdict. The times come last: `expired` is said only of a link that would
 * have opened this very path for this very client.
 */
export async function checkLink(
  { method, path, query, clientAddress, now }: Omit<AccessRequest, 'headers'>,
  keys: LinkKeys,
): Promise<LinkVerdict> {
  const plain = plainPath(path);
  const link = readLink(query);
  const key = keys.find(({ id }) => id === link?.texts.kid);
  if (plain === undefined || link === undefined || key === undefined) return refused('forbidden');
  if (!(await key.verify(link.signature, linkText(plain, link.texts)))) return refused('forbidden');
  const terms = toTerms(link.texts);
  const { prefix, notBefore = 0, expires } = terms;
  // §9.2.1: the methods that read; a link for reading never becomes one for anything else.
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

/** Requests with a link that one of the keys has signed may read what it opens. */
export function signedAccess(keys: LinkKeys): AccessRule {
  return async (request) => {
    const verdict = await checkLink(request, keys);
    if (verdict.type === 'refused') return verdict;
    const { fileName, downloadId, maxBytesPerSecond } = verdict.terms;
    return granted({ isPrivate: true, fileName, downloadId, maxBytesPerSecond });
  };
}
