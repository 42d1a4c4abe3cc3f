import type { Seconds } from '../http/index.ts';
import { parseCidr } from './cidr.ts';
import { KEY_ID } from './link-key.ts';

/** What a link allows, all of it signed. */
export interface LinkTerms {
  /** The first second in which the link opens nothing any more. */
  readonly expires: Seconds;
  /** The first second in which it does. */
  readonly notBefore?: Seconds | undefined;
  /** The link opens everything below, decoded and with both slashes, such as `/videos/`. Otherwise its own path alone. */
  readonly prefix?: string | undefined;
  /** The address or CIDR block that the client's address has to be in. */
  readonly clientAddress?: string | undefined;
  /** 1 to 64 letters, digits and `-._~`. */
  readonly downloadId?: string | undefined;
  /** 1 to 255 characters, without control characters. */
  readonly fileName?: string | undefined;
  readonly maxBytesPerSecond?: number | undefined;
}

/** Parameters of a link besides its signature, in the order in which they are signed. */
export const LINK_FIELDS = ['kid', 'exp', 'nbf', 'prefix', 'ip', 'id', 'name', 'rate'] as const;

export type LinkField = (typeof LINK_FIELDS)[number];

/** The terms as they stand in a link, decoded. A field that is not there is not signed as empty: no field may be. */
export type LinkTexts = Readonly<Partial<Record<LinkField, string>>>;

/** The texts of a link that has what every link needs. */
export type CompleteTexts = LinkTexts & { readonly kid: string; readonly exp: string };

/** One spelling a number, and no more than 2^53. */
const NUMBER = /^(?:0|[1-9]\d{0,11})$/;
// oxlint-disable-next-line no-control-regex -- control characters are what is ruled out
const PREFIX = /^\/(?:[^\0-\x1f\x7f]{0,2047}\/)?$/;
// oxlint-disable-next-line no-control-regex -- control characters are what is ruled out
const FILE_NAME = /^[^\0-\x1f\x7f]{1,255}$/;

const CHECKS: Readonly<Record<LinkField, (text: string) => boolean>> = {
  kid: (text) => KEY_ID.test(text),
  exp: (text) => NUMBER.test(text),
  nbf: (text) => NUMBER.test(text),
  prefix: (text) => PREFIX.test(text),
  ip: (text) => parseCidr(text) !== undefined,
  id: (text) => /^[\w.~-]{1,64}$/.test(text),
  name: (text) => FILE_NAME.test(text),
  rate: (text) => NUMBER.test(text) && text !== '0',
};

/** Whether a link's field may say this. None can hold a line feed, which ends a line of what is signed. */
export function isLinkText(field: LinkField, text: string): boolean {
  // A lone surrogate has no UTF-8; what is signed would be another text.
  return text.isWellFormed() && CHECKS[field](text);
}

/** What HMAC is computed of, in UTF-8. docs/security.md has it byte by byte. */
export function linkText(path: string, texts: CompleteTexts): string {
  const subject = texts.prefix === undefined ? path : '';
  const fields = LINK_FIELDS.map((field) => `${field}=${texts[field] ?? ''}`);
  return ['rangeway-link-1', 'method=read', `path=${subject}`, ...fields].join('\n');
}

/** Terms as texts, unchecked. */
export function toTexts(kid: string, terms: LinkTerms): CompleteTexts {
  return {
    kid,
    exp: String(terms.expires),
    ...present('nbf', terms.notBefore),
    ...present('prefix', terms.prefix),
    ...present('ip', terms.clientAddress),
    ...present('id', terms.downloadId),
    ...present('name', terms.fileName),
    ...present('rate', terms.maxBytesPerSecond),
  };
}

function present(field: LinkField, value: string | number | undefined): LinkTexts {
  return value === undefined ? {} : { [field]: String(value) };
}

/** The inverse of {@link toTexts}, of texts that were checked. */
export function toTerms(texts: CompleteTexts): LinkTerms {
  return {
    expires: Number(texts.exp),
    notBefore: texts.nbf === undefined ? undefined : Number(texts.nbf),
    prefix: texts.prefix,
    clientAddress: texts.ip,
    downloadId: texts.id,
    fileName: texts.name,
    maxBytesPerSecond: texts.rate === undefined ? undefined : Number(texts.rate),
  };
}
