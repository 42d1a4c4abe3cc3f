// §5.5: visible characters, spaces, tabs and obs-text. CR, LF and NUL would split a response.
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Whether a text, a character for a byte, can go into a line of a head (§5.5). */
export function isFieldValue(text: string): boolean {
  return FIELD_VALUE.test(text);
}

/** Without the spaces and tabs around it (§5.6.3). Not `trim`, which takes bytes of UTF-8 too; in linear time. */
export function trimOws(text: string): string {
  return trimEnds(text, ' \t');
}

/** Without these characters at both ends; in linear time, which a regular expression for the last ones is not. */
export function trimEnds(text: string, chars: string): string {
  let start = 0;
  while (start < text.length && chars.includes(text.charAt(start))) start++;
  return trimEnd(text.slice(start), chars);
}

/** Without these characters at its end; in linear time. */
export function trimEnd(text: string, chars: string): string {
  let end = text.length;
  while (end > 0 && chars.includes(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}
