import { granted, type AccessRule } from './access.ts';
import type { LinkKeys } from './link-key.ts';
import { checkLink } from './verify-link.ts';

/** Requests with a link that one of the keys has signed may read what it opens. */
export function signedAccess(keys: LinkKeys): AccessRule {
  return async (request) => {
    const verdict = await checkLink(request, keys);
    if (verdict.type === 'refused') return verdict;
    const { fileName, downloadId, maxBytesPerSecond } = verdict.terms;
    return granted({ isPrivate: true, fileName, downloadId, maxBytesPerSecond });
  };
}
