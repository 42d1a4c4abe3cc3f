import { trimEnd, trimEnds } from './field-value.ts';

/** Whether a browser saves the content or shows it (RFC 6266 §4.2). */
export type DispositionType = 'attachment' | 'inline';

/**
 * Longest value, in characters. zsync reads only header lines of fewer than 512 bytes, field name and CRLF included.
 */
const MAX_LENGTH = 480;

// Characters that a system forbids in a file name, or that make one name look like another: control, bidi, zero width.
// oxlint-disable-next-line no-control-regex -- the pattern has to match control characters
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"*/:<>?\\|]/gu;
/** The name of a file whose key has no safe one. */
const NO_NAME = 'download';
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i;
// Characters that encodeURIComponent leaves as they are, but that are not in attr-char (RFC 8187 §3.2.1).
const NOT_ATTR_CHAR = /['()*]/g;

/**
 * Prints Content-Disposition for an object, at most 480 characters long. The file name is the last segment of the key,
 * made safe by {@link safeFileName}; a longer name is shortened. `filename*` (RFC 8187) is added if the name is not
 * plain ASCII.
 *
 * @param key decoded key of the object
 */
export function contentDisposition(type: DispositionType, key: string): string {
  const name = safeFileName(key);
  // Each UTF-16 unit prints as at least one character.
  let length = Math.min(name.length, MAX_LENGTH);
  for (;;) {
    const value = printDisposition(type, shorten(name, length));
    const excess = value.length - MAX_LENGTH;
    if (excess <= 0) return value;
    // A UTF-16 unit prints as at most 10 characters, so removing a tenth of the excess never removes too many units.
    length -= Math.ceil(excess / 10);
  }
}

/**
 * Prints Content-Disposition from its parts.
 *
 * @param type has to be a token (§5.6.2)
 * @param name file name; any characters
 */
export function printDisposition(type: string, name: string): string {
  // RFC 6266, appendix D: some clients decode percent signs, and some do not unescape backslashes. So the plain form
  // has neither of them, and no quote either, since a quote would need a backslash.
  const plain = name.replace(/[^\x20-\x7e]|[%"\\]/gu, '_');
  const quoted = `${type}; filename="${plain}"`;
  return plain === name ? quoted : `${quoted}; filename*=UTF-8''${encodeExtValue(name)}`;
}

function encodeExtValue(name: string): string {
  return encodeURIComponent(name.toWellFormed()).replace(
    NOT_ATTR_CHAR,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * Makes a file name that is safe on every system out of the last segment of a key: no path, no control characters, not
 * hidden, not a device name of Windows.
 *
 * @returns `download` if nothing remains of the segment
 */
export function safeFileName(key: string): string {
  const segment = key.slice(key.lastIndexOf('/') + 1);
  const name = trimEnds(segment.replace(UNSAFE, '_'), ' .').replace(WINDOWS_DEVICE, '_$&');
  return name === '' ? NO_NAME : name;
}

/** Values of the parameter `download` that ask for an attachment without a name. */
const FLAGS: ReadonlySet<string> = new Set(['', '1', 'true']);

/**
 * Chooses the name of the saved file, for a request with `?download=NAME`. The name keeps the ending of the key, and
 * gets it if it has another one: links with such a name are made by anyone, and must not save a text as a program.
 *
 * @param key decoded key of the object
 * @param requested the decoded value of the parameter; any characters
 * @returns a safe file name; the key if no name is requested, or nothing of it is safe
 */
export function savedFileName(key: string, requested: string): string {
  if (FLAGS.has(requested)) return key;
  const name = safeFileName(requested);
  if (name === NO_NAME) return key;
  const fileName = safeFileName(key);
  const ending = extensionOf(fileName);
  if (name.toLowerCase().endsWith(ending.toLowerCase())) return name;
  return name + (fileName.endsWith(`.tar${ending}`) ? `.tar${ending}` : ending);
}

/** Returns the end of a file name from its last dot on; empty if it has none, or if that is no extension by its length. */
function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot > 0 && name.length - dot <= 16 ? name.slice(dot) : '';
}

/**
 * Shortens a file name by cutting its stem and not its extension.
 *
 * @param length longest result in UTF-16 units; the result is one unit shorter if the cut would split a surrogate pair
 */
export function shorten(name: string, length: number): string {
  if (length >= name.length) return name;
  const extension = extensionOf(name);
  const stem = name.slice(0, Math.max(1, length - extension.length));
  // The cut may expose spaces and dots at the end, which safeFileName removes.
  return `${trimEnd(stem.replace(/[\ud800-\udbff]$/u, ''), ' .')}${extension}`;
}
