import { decodeBase64Url, encodeBase64Url } from './base64url.ts';
import { LINK_PREFIX, linkParameters, type AnswerParameter } from '../http/index.ts';
import { hasQuota, isLinkText, LINK_FIELDS, type CompleteTexts, type LinkField } from './link-terms.ts';

/** Names of all link parameters. Each is in the list of parameters that change a response. */
export const LINK_PARAMETERS: readonly AnswerParameter[] = ([...LINK_FIELDS, 'sig'] as const).map(
  (field) => `${LINK_PREFIX}${field}` as const,
);

/** Version of the signed text, sent before the signature. */
const VERSION = '1.';

/** Longest query in UTF-16 units, as sent. Every link is shorter. */
const MAX_QUERY_LENGTH = 8 * 1024;

/** The parsed parameters of a link. */
export interface LinkParameters {
  readonly texts: CompleteTexts;
  readonly signature: Uint8Array<ArrayBuffer>;
}

/**
 * Parses the parameters of a link.
 *
 * @param query as it was sent, without the question mark
 * @returns `undefined` if there is no link, if a link parameter is unknown, repeated, empty or malformed, or if there is
 *   a quota without an id
 */
export function parseLink(query: string): LinkParameters | undefined {
  if (query.length > MAX_QUERY_LENGTH) return undefined;
  const texts = new Map<LinkField, string>();
  let signature: Uint8Array<ArrayBuffer> | undefined;
  for (const [name, value] of linkParameters(query)) {
    const field = LINK_FIELDS.find((candidate) => name === LINK_PREFIX + candidate);
    if (field !== undefined && !texts.has(field) && isLinkText(field, value)) {
      texts.set(field, value);
    } else if (name === `${LINK_PREFIX}sig` && signature === undefined) {
      signature = parseSignature(value);
      if (signature === undefined) return undefined;
    } else {
      return undefined;
    }
  }
  const kid = texts.get('kid');
  const exp = texts.get('exp');
  if (kid === undefined || exp === undefined || signature === undefined) return undefined;
  if (hasQuota(Object.fromEntries(texts)) && !texts.has('id')) return undefined;
  return { texts: { ...Object.fromEntries(texts), kid, exp }, signature };
}

function parseSignature(value: string): Uint8Array<ArrayBuffer> | undefined {
  if (!value.startsWith(VERSION)) return undefined;
  const bytes = decodeBase64Url(value.slice(VERSION.length));
  return bytes?.length === 32 ? bytes : undefined;
}

/** Prints the parameters of a link, in the order in which they are signed. */
export function printLink(texts: CompleteTexts, signature: Uint8Array): string {
  const parameters = LINK_FIELDS.flatMap((field) => {
    const text = texts[field];
    return text === undefined ? [] : [`${LINK_PREFIX}${field}=${encode(text)}`];
  });
  return [...parameters, `${LINK_PREFIX}sig=${VERSION}${encodeBase64Url(signature)}`].join('&');
}

/** Percent-encodes a value. Slashes and colons stay readable, since RFC 3986 §3.4 allows them in a query. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll('%2F', '/').replaceAll('%3A', ':');
}

/** Whether a query has a link parameter. */
export function hasLink(parameters: URLSearchParams): boolean {
  return [...parameters.keys()].some((name) => name.startsWith(LINK_PREFIX));
}

/** Removes the link parameters from a query, so that clients with different links share one cache entry. */
export function stripLink(parameters: URLSearchParams): URLSearchParams {
  return new URLSearchParams([...parameters].filter(([name]) => !name.startsWith(LINK_PREFIX)));
}
