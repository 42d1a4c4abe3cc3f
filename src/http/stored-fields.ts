import { isPrintableTag, printEntityTag, type EntityTag } from './entity-tag.ts';
import { trimEnds, trimOws } from './field-value.ts';
import { parseHttpDate, printHttpDate, toSeconds, type Seconds } from './http-date.ts';
import { asUtf8, reprintDisposition } from './stored-disposition.ts';

// Stored metadata are what an uploader wrote. Every stored value goes through this file when it is printed, so that all
// drivers, and stores of a user's own, are held to the same rules: what goes out is ASCII, the same bytes on every
// platform, and nothing that a platform's printer could throw at. A value that can't be a field is left out, which
// keeps the download working.

// §5.5, but for obs-text: RFC 9110 lets new fields be ASCII alone, and platforms read and print other bytes differently.
const PRINTABLE = /^[\t\x20-\x7e]*$/;

/** The same without blanks at its ends, which nearly all values are: one test, and nothing to trim. */
const CLEAN = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/;

/** More characters than S3 (2 KB to 8 KB) and R2 (8,192 bytes) keep of an object; clients refuse heads of 16 KiB. */
const MAX_LENGTH = 8_192;

/** A stored text as a field's value; `undefined` where it can't be one. */
export function storedField(stored: unknown): string | undefined {
  if (isClean(stored)) return stored;
  const value = toText(stored);
  return isField(value) ? value : undefined;
}

/** Stores of a user's own may be without types, hence `unknown`. */
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
 * A stored Content-Encoding without `aws-chunked`, which is how an upload was sent and no coding of the object; S3 and
 * others keep it all the same. Names of codings are case-insensitive (§8.4.1).
 */
export function storedCodings(stored: unknown): string | undefined {
  const value = storedField(stored);
  if (value === undefined || !/aws-chunked/i.test(value)) return value;
  const codings = value.split(',').map(trimOws);
  const kept = codings.filter((coding) => coding !== '' && coding.toLowerCase() !== 'aws-chunked');
  return kept.length === 0 ? undefined : kept.join(', ');
}

/** A stored Content-Disposition. One that is not ASCII is printed anew, with `filename*` (RFC 6266 §4.3, RFC 8187). */
export function storedDisposition(stored: unknown): string | undefined {
  if (isClean(stored)) return stored;
  const text = toText(stored);
  if (text === '') return undefined;
  if (isField(text)) return text;
  // A character takes three bytes of UTF-8 at the most; more need not be decoded to be too long.
  const meant = text.length > 3 * MAX_LENGTH ? text : asUtf8(text);
  return meant.length > MAX_LENGTH ? undefined : reprintDisposition(meant);
}

/**
 * A stored Expires. A date is printed as IMF-fixdate. Anything else goes out as it is stored: a cache takes it for a
 * time that has passed (RFC 9111 §5.3), which is what an uploader means by `0`.
 *
 * @param now places the two-digit year of the RFC 850 form
 */
export function storedExpires(stored: unknown, now: Seconds): string | undefined {
  const value = storedField(stored);
  const seconds = value === undefined ? undefined : parseHttpDate(value, now);
  return seconds === undefined ? value : (storedSeconds(seconds) ?? value);
}

/** A storage's tag; `undefined` for one that can't be printed. */
export function storedTag(etag: EntityTag | undefined): string | undefined {
  return etag === undefined || !isPrintableTag(etag) ? undefined : printEntityTag(etag);
}

/** The last second of the year 9999, beyond which IMF-fixdate has no room (§5.6.7). */
const LAST_SECOND = 253_402_300_799;

/** An instant as IMF-fixdate; `undefined` for what is no instant, or one that IMF-fixdate can't say. */
export function storedDate(date: Date | undefined): string | undefined {
  return date === undefined ? undefined : storedSeconds(toSeconds(date));
}

/** The same for seconds since the epoch. */
export function storedSeconds(seconds: Seconds): string | undefined {
  return seconds >= 0 && seconds <= LAST_SECOND ? printHttpDate(seconds) : undefined;
}
