import { parseLinkKeys, signLink, type LinkTerms } from '../../src/access/index.ts';
import { encodeBase64Url } from '../../src/access/base64url.ts';
import { NOW } from './request.ts';

/** Keys as text, as in a variable: the bytes 0 to 31, and 32 times 255. */
export const KEYS_TEXT = [
  `k1:${encodeBase64Url(Uint8Array.from({ length: 32 }, (_, i) => i))}`,
  `k2:${encodeBase64Url(new Uint8Array(32).fill(255))}`,
].join('\n');

export const KEYS = parseLinkKeys(KEYS_TEXT);

/** A link signed with the first key, valid for an hour unless the terms have another expiry. */
export async function link(path: string, terms: Partial<LinkTerms> = {}): Promise<string> {
  const url = await signLink(`https://files.example${path}`, { expires: NOW + 3600, ...terms }, KEYS[0]);
  return url.slice('https://files.example'.length);
}
