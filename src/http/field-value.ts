// §5.5: visible characters, spaces, tabs and obs-text. CR, LF and NUL would split a response.
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * A stored string as a field's value, or `undefined` where it can't be one. Metadata is whatever an uploader wrote:
 * leaving a broken field out keeps the download working and lets nothing into the header section.
 */
export function fieldValue(stored: string | undefined): string | undefined {
  const value = stored?.trim();
  return value === undefined || value === '' || !isFieldValue(value) ? undefined : value;
}

/** Whether a text, a character for a byte, can go into a line of a head (§5.5). */
export function isFieldValue(text: string): boolean {
  return FIELD_VALUE.test(text);
}

/** Without the spaces and tabs around it (§5.6.3). Not `trim`, which takes bytes of UTF-8 too; in linear time. */
export function trimOws(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isOws(text.charCodeAt(start))) start++;
  while (end > start && isOws(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isOws(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
