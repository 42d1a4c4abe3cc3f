import { parseBase64Url, printBase64Url } from './base64url.ts';
import { isLinkText, LINK_FIELDS, type CompleteTexts, type LinkField } from './link-terms.ts';

/** What stands before the name of every parameter of a link. All others are free, and belong to nobody here. */
const MARK = 'rgw-';

/** The names of all parameters of a link. */
export const LINK_PARAMETERS: readonly string[] = [...LINK_FIELDS, 'sig'].map((field) => MARK + field);

/** The version of what is signed, before the signature. */
const VERSION = '1.';

/** No link is longer, nor does any other parameter need more. In UTF-16 units, as sent. */
const MAX_QUERY_LENGTH = 8 * 1024;

/** A link as it stands in a query. */
export interface LinkParameters {
  readonly texts: CompleteTexts;
  readonly signature: Uint8Array<ArrayBuffer>;
}

/**
 * Reads the parameters of a link.
 *
 * @param query as it was sent, without the question mark
 * @returns `undefined` where there is no link, or any of its parameters is unknown, double, empty or malformed
 */
export function readLink(query: string): LinkParameters | undefined {
  if (query.length > MAX_QUERY_LENGTH) return undefined;
  const texts = new Map<LinkField, string>();
  let signature: Uint8Array<ArrayBuffer> | undefined;
  // The `&` because a question mark at the very front would be taken for the query's own.
  for (const [name, value] of new URLSearchParams(`&${query}`)) {
    if (!name.startsWith(MARK)) continue;
    const field = LINK_FIELDS.find((one) => name === MARK + one);
    if (field !== undefined && !texts.has(field) && isLinkText(field, value)) {
      texts.set(field, value);
    } else if (name === `${MARK}sig` && signature === undefined) {
      signature = readSignature(value);
      if (signature === undefined) return undefined;
    } else {
      return undefined;
    }
  }
  const kid = texts.get('kid');
  const exp = texts.get('exp');
  if (kid === undefined || exp === undefined || signature === undefined) return undefined;
  return { texts: { ...Object.fromEntries(texts), kid, exp }, signature };
}

function readSignature(value: string): Uint8Array<ArrayBuffer> | undefined {
  if (!value.startsWith(VERSION)) return undefined;
  const bytes = parseBase64Url(value.slice(VERSION.length));
  return bytes?.length === 32 ? bytes : undefined;
}

/** Prints the parameters of a link, in the order in which they are signed. */
export function printLink(texts: CompleteTexts, signature: Uint8Array): string {
  const parameters = LINK_FIELDS.flatMap((field) => {
    const text = texts[field];
    return text === undefined ? [] : [`${MARK}${field}=${encode(text)}`];
  });
  return [...parameters, `${MARK}sig=${VERSION}${printBase64Url(signature)}`].join('&');
}

/** RFC 3986 §3.4 lets slashes and colons stand in a query, and people read them there. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll('%2F', '/').replaceAll('%3A', ':');
}

/** Whether any parameter is one of a link. */
export function hasLink(parameters: URLSearchParams): boolean {
  return [...parameters.keys()].some((name) => name.startsWith(MARK));
}

/** The parameters without those of a link, so that all who have a link share what is cached. */
export function stripLink(parameters: URLSearchParams): URLSearchParams {
  return new URLSearchParams([...parameters].filter(([name]) => !name.startsWith(MARK)));
}
