import type { Seconds } from '../http/index.ts';
import { parseCidr } from './cidr.ts';
import { KEY_ID } from './link-key.ts';

/** The terms of a signed link. All of them are signed. */
export interface LinkTerms {
  /** When the link becomes invalid, in seconds since the epoch (exclusive). */
  readonly expires: Seconds;
  /** When the link becomes valid, in seconds since the epoch (inclusive). */
  readonly notBefore?: Seconds | undefined;
  /**
   * A decoded path that begins and ends with a slash, such as `/videos/`: the link is valid for all paths below it.
   * Without it, the link is valid for its own path only.
   */
  readonly prefix?: string | undefined;
  /** Address or CIDR block that the client's address has to be in. */
  readonly clientAddress?: string | undefined;
  /** Id for the log, the same in all requests of a download: 1 to 64 letters, digits and `-._~`. */
  readonly downloadId?: string | undefined;
  /** File name for Content-Disposition: 1 to 255 characters, without control characters. */
  readonly fileName?: string | undefined;
  /** Most bytes a second of all requests with this link together, in one process or isolate; at least 1. */
  readonly maxBytesPerSecond?: number | undefined;
  /** Most complete downloads with this link, at least 1. As the next two, it takes a gateway that keeps transfers. */
  readonly maxDownloads?: number | undefined;
  /** Most bytes that are sent on this link, at least 1. Bytes that are sent again, after a break, count again. */
  readonly maxBytes?: number | undefined;
  /** Most requests with this link that run at the same time, at least 1. */
  readonly maxConnections?: number | undefined;
}

/** The fields that each signed text has a line for, in its order. */
const BASE_FIELDS = ['kid', 'exp', 'nbf', 'prefix', 'ip', 'id', 'name', 'rate'] as const;

/** The fields that came later. They have a line only if they are present, so that older links stay valid. */
const QUOTA_FIELDS = ['downloads', 'bytes', 'connections'] as const;

/** Parameters of a link except its signature, in the order in which they are signed. */
export const LINK_FIELDS = [...BASE_FIELDS, ...QUOTA_FIELDS] as const;

/** Name of a link parameter, without its prefix. */
export type LinkField = (typeof LINK_FIELDS)[number];

/** The terms as texts, decoded. No text may be empty, so an absent field can't be confused with an empty one. */
export type LinkTexts = Readonly<Partial<Record<LinkField, string>>>;

/** The terms as texts, with the two fields that every link needs. */
export type CompleteTexts = LinkTexts & { readonly kid: string; readonly exp: string };

/** A decimal integer with one possible spelling, below 2^53. */
const NUMBER = /^(?:0|[1-9]\d{0,11})$/;
/** A number of bytes, up to a petabyte. */
const BYTES = /^[1-9]\d{0,14}$/;
// oxlint-disable-next-line no-control-regex -- the pattern excludes control characters
const PREFIX = /^\/(?:[^\0-\x1f\x7f]{0,2047}\/)?$/;
// oxlint-disable-next-line no-control-regex -- the pattern excludes control characters
const FILE_NAME = /^[^\0-\x1f\x7f]{1,255}$/;

const CHECKS: Readonly<Record<LinkField, (text: string) => boolean>> = {
  kid: (text) => KEY_ID.test(text),
  exp: (text) => NUMBER.test(text),
  nbf: (text) => NUMBER.test(text),
  prefix: (text) => PREFIX.test(text),
  ip: (text) => parseCidr(text) !== undefined,
  id: (text) => /^[\w.~-]{1,64}$/.test(text),
  name: (text) => FILE_NAME.test(text),
  rate: isCount,
  downloads: isCount,
  bytes: (text) => BYTES.test(text),
  connections: isCount,
};

function isCount(text: string): boolean {
  return NUMBER.test(text) && text !== '0';
}

/** Whether a link has a quota, which is counted by its id. */
export function hasQuota(texts: LinkTexts): boolean {
  return QUOTA_FIELDS.some((field) => texts[field] !== undefined);
}

/**
 * Whether a text is valid for a field of a link. No field allows a line feed, because it separates the lines of the
 * signed text.
 */
export function isLinkText(field: LinkField, text: string): boolean {
  // A lone surrogate can't be encoded as UTF-8, so another text would be signed.
  return text.isWellFormed() && CHECKS[field](text);
}

/**
 * Makes the text that is signed, in UTF-8. docs/security.md specifies it byte by byte.
 *
 * @param path decoded path of the link; not signed if there is a prefix
 */
export function signedText(path: string, texts: CompleteTexts): string {
  const subject = texts.prefix === undefined ? path : '';
  const fields = BASE_FIELDS.map((field) => `${field}=${texts[field] ?? ''}`);
  const quota = QUOTA_FIELDS.flatMap((field) => (texts[field] === undefined ? [] : [`${field}=${texts[field]}`]));
  return ['rangeway-link-1', 'method=read', `path=${subject}`, ...fields, ...quota].join('\n');
}

/**
 * Converts terms to texts, without validation.
 *
 * @param kid id of the key
 */
export function termsToTexts(kid: string, terms: LinkTerms): CompleteTexts {
  return {
    kid,
    exp: String(terms.expires),
    ...optionalText('nbf', terms.notBefore),
    ...optionalText('prefix', terms.prefix),
    ...optionalText('ip', terms.clientAddress),
    ...optionalText('id', terms.downloadId),
    ...optionalText('name', terms.fileName),
    ...optionalText('rate', terms.maxBytesPerSecond),
    ...optionalText('downloads', terms.maxDownloads),
    ...optionalText('bytes', terms.maxBytes),
    ...optionalText('connections', terms.maxConnections),
  };
}

function optionalText(field: LinkField, value: string | number | undefined): LinkTexts {
  return value === undefined ? {} : { [field]: String(value) };
}

/**
 * Converts texts to terms; the inverse of {@link termsToTexts}.
 *
 * @param texts validated by {@link isLinkText}
 */
export function textsToTerms(texts: CompleteTexts): LinkTerms {
  return {
    expires: Number(texts.exp),
    notBefore: toNumber(texts.nbf),
    prefix: texts.prefix,
    clientAddress: texts.ip,
    downloadId: texts.id,
    fileName: texts.name,
    maxBytesPerSecond: toNumber(texts.rate),
    maxDownloads: toNumber(texts.downloads),
    maxBytes: toNumber(texts.bytes),
    maxConnections: toNumber(texts.connections),
  };
}

function toNumber(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}
