import { trimEnd, trimEnds } from './field-value.ts';

/** How a browser is to treat the content (RFC 6266 §4.2). */
export type DispositionType = 'attachment' | 'inline';

/** Some clients read header lines of fewer than 512 bytes only (zsync), the name and CRLF included. */
const MAX_LENGTH = 480;

// Not allowed in a file name on some system, or able to make one look like another (control, bidi, zero width).
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"*/:<>?\\|]/gu;
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i;
// RFC 8187 §3.2.1, attr-char: what needs no percent-encoding.
const NOT_ATTR_CHAR = /['()*]/g;

/**
 * Content-Disposition with the file name that a key ends in, made safe: no path, no control characters, not hidden,
 * not a device. `filename*` (RFC 8187) is added where the name has more than plain ASCII.
 */
export function contentDisposition(type: DispositionType, key: string): string {
  const name = safeFileName(key);
  // Every unit prints as one character at least.
  let length = Math.min(name.length, MAX_LENGTH);
  for (;;) {
    const value = printDisposition(type, shorten(name, length));
    const excess = value.length - MAX_LENGTH;
    if (excess <= 0) return value;
    // No UTF-16 unit prints as more than 10 characters, so a step of a tenth never cuts more than it has to.
    length -= Math.ceil(excess / 10);
  }
}

/** Prints a type, which has to be a token, and a file name of any characters. */
export function printDisposition(type: string, name: string): string {
  // RFC 6266, appendix D: a percent sign is decoded by some, and a backslash not by all, so they stay out of the plain
  // form, and with the backslash the quote that it would have to escape.
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

/** The last segment of a key as a file name that is safe on every system. */
export function safeFileName(key: string): string {
  const segment = key.slice(key.lastIndexOf('/') + 1);
  const name = trimEnds(segment.replace(UNSAFE, '_'), ' .').replace(WINDOWS_DEVICE, '_$&');
  return name === '' ? 'download' : name;
}

/** Cuts the stem, not the extension, to `length` UTF-16 units or one less where a character would be halved. */
export function shorten(name: string, length: number): string {
  if (length >= name.length) return name;
  const dot = name.lastIndexOf('.');
  const extension = dot > 0 && name.length - dot <= 16 ? name.slice(dot) : '';
  const stem = name.slice(0, Math.max(1, length - extension.length));
  // Nor may the cut bring back an ending that safeFileName took away.
  return `${trimEnd(stem.replace(/[\ud800-\udbff]$/u, ''), ' .')}${extension}`;
}
