// §5.5: visible characters, spaces, tabs and obs-text. CR, LF and NUL would split a response.
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * A stored string as a field's value, or `undefined` where it can't be one. Metadata is whatever an uploader wrote:
 * leaving a broken field out keeps the download working and lets nothing into the header section.
 */
export function fieldValue(stored: string | undefined): string | undefined {
  const value = stored?.trim();
  return value === undefined || value === '' || !FIELD_VALUE.test(value) ? undefined : value;
}
