// §5.5: visible characters, spaces, tabs and obs-text. CR, LF and NUL are excluded, since they allow response
// splitting.
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Whether a text is a valid field value (§5.5).
 *
 * @param text one character per byte
 */
export function isFieldValue(text: string): boolean {
  return FIELD_VALUE.test(text);
}

/**
 * Removes the spaces and tabs at both ends (OWS, §5.6.3), in linear time. `String.prototype.trim` would also remove
 * U+00A0, which can be a byte of UTF-8 here.
 */
export function trimOws(text: string): string {
  return trimEnds(text, ' \t');
}

/**
 * Removes characters at both ends, in linear time. A regular expression that is anchored at the end only takes
 * quadratic time.
 *
 * @param chars the characters to remove
 */
export function trimEnds(text: string, chars: string): string {
  let start = 0;
  while (start < text.length && chars.includes(text.charAt(start))) start++;
  return trimEnd(text.slice(start), chars);
}

/**
 * Removes characters at the end, in linear time.
 *
 * @param chars the characters to remove
 */
export function trimEnd(text: string, chars: string): string {
  let end = text.length;
  while (end > 0 && chars.includes(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}
