import type { DigestAlgorithm } from './digest-algorithm.ts';
import { isPrintableTag, printEntityTag, type EntityTag } from './entity-tag.ts';
import { trimEnds, trimOws } from './field-value.ts';
import { parseHttpDate, printHttpDate, toSeconds, type Seconds } from './http-date.ts';
import { decodeUtf8, toAsciiDisposition } from './stored-disposition.ts';

// Stored metadata are written by uploaders and may have any content. Every stored value passes through this file before
// it is sent, for the project's drivers and for a user's own stores. So each field value is ASCII, is sent as the same
// bytes on every platform, and makes no platform throw. A value that is no valid field value is omitted, and the
// download still works.

// §5.5 without obs-text: RFC 9110 limits new fields to ASCII, and platforms differ in how they read and send other
// bytes.
const PRINTABLE = /^[\t\x20-\x7e]*$/;

/** A printable value without white space at its ends. Nearly all values match, and need no other test and no trim. */
const CLEAN = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/;

/**
 * Longest value in characters. S3 stores at most 2 KB to 8 KB of metadata for an object, R2 8,192 bytes. Clients reject
 * heads of 16 KiB.
 */
const MAX_LENGTH = 8_192;

/**
 * Prints a stored text as a field value.
 *
 * @returns `undefined` if it is no valid field value
 */
export function storedField(stored: unknown): string | undefined {
  if (isClean(stored)) return stored;
  const value = toText(stored);
  return isField(value) ? value : undefined;
}

/** The parameter is `unknown`, because a user's own store may be written without types. */
function isClean(stored: unknown): stored is string {
  return typeof stored === 'string' && stored.length <= MAX_LENGTH && CLEAN.test(stored);
}

function toText(stored: unknown): string {
  return typeof stored === 'string' ? trimEnds(stored, ' \t\r\n') : '';
}

function isField(text: string): boolean {
  return text !== '' && text.length <= MAX_LENGTH && PRINTABLE.test(text);
}

/**
 * Prints a stored Content-Encoding without `aws-chunked`. That is the transfer format of an upload and no coding of the
 * object, but S3 and others store it. Names of codings are case-insensitive (§8.4.1).
 *
 * @returns `undefined` if no coding remains
 */
export function storedCodings(stored: unknown): string | undefined {
  const value = storedField(stored);
  if (value === undefined || !/aws-chunked/i.test(value)) return value;
  const codings = value.split(',').map(trimOws);
  const objectCodings = codings.filter((coding) => coding !== '' && coding.toLowerCase() !== 'aws-chunked');
  return objectCodings.length === 0 ? undefined : objectCodings.join(', ');
}

/**
 * Prints a stored Content-Disposition. A value that is not ASCII is converted, with `filename*` (RFC 6266 §4.3, RFC
 * 8187).
 *
 * @returns `undefined` if the value is empty, too long or malformed
 */
export function storedDisposition(stored: unknown): string | undefined {
  if (isClean(stored)) return stored;
  const text = toText(stored);
  if (text === '') return undefined;
  if (isField(text)) return text;
  // A UTF-16 unit takes at most three bytes of UTF-8, so a longer text is too long even after it is decoded.
  const decoded = text.length > 3 * MAX_LENGTH ? text : decodeUtf8(text);
  return decoded.length > MAX_LENGTH ? undefined : toAsciiDisposition(decoded);
}

/**
 * Prints a stored Expires. A date is printed as IMF-fixdate. Any other value is sent as it is stored: a cache treats it
 * as a time in the past (RFC 9111 §5.3), which is the intention of an uploader that writes `0`.
 *
 * @param now only used to resolve two-digit years
 */
export function storedExpires(stored: unknown, now: Seconds): string | undefined {
  const value = storedField(stored);
  const seconds = value === undefined ? undefined : parseHttpDate(value, now);
  return seconds === undefined ? value : (storedSeconds(seconds) ?? value);
}

/**
 * Prints a storage's entity tag.
 *
 * @returns `undefined` if there is none, or if it can't be sent as the same bytes on every platform
 */
export function storedTag(etag: EntityTag | undefined): string | undefined {
  return etag === undefined || !isPrintableTag(etag) ? undefined : printEntityTag(etag);
}

const DIGEST_FORMS: Readonly<Record<DigestAlgorithm, RegExp>> = {
  'sha-256': /^[A-Za-z0-9+/]{43}=$/,
  'sha-512': /^[A-Za-z0-9+/]{86}==$/,
};

/**
 * Returns a stored digest in base64.
 *
 * @returns `undefined` if it is no digest of the algorithm, such as the checksum of an upload in parts, `…=-3`
 */
export function storedDigest(algorithm: DigestAlgorithm, stored: unknown): string | undefined {
  return typeof stored === 'string' && DIGEST_FORMS[algorithm].test(stored) ? stored : undefined;
}

/** The last second of the year 9999. IMF-fixdate has four digits for the year (§5.6.7). */
const LAST_SECOND = 253_402_300_799;

/**
 * Prints a stored date as IMF-fixdate.
 *
 * @returns `undefined` for an invalid Date, and for a date before 1970 or after 9999
 */
export function storedDate(date: Date | undefined): string | undefined {
  return date === undefined ? undefined : storedSeconds(toSeconds(date));
}

/**
 * Prints a stored date as IMF-fixdate.
 *
 * @returns `undefined` for `NaN`, and for a date before 1970 or after 9999
 */
export function storedSeconds(seconds: Seconds): string | undefined {
  return seconds >= 0 && seconds <= LAST_SECOND ? printHttpDate(seconds) : undefined;
}
