/**
 * Characters that control a terminal or are invisible: control characters except line feed, line separators, format
 * characters (bidirectional overrides, joiners, tags), other ignorable characters, and lone surrogates.
 */
const UNPRINTABLE = /(?!\n)[\p{Cc}\p{Zl}\p{Zp}\p{Cf}\p{Default_Ignorable_Code_Point}\p{Cs}]/gu;

/** Matches most texts. Testing Unicode classes takes ten times as long. */
const PLAIN = /^[\n\x20-\x7e]*$/;

/**
 * Escapes characters that control a terminal or are invisible. Line feeds are kept.
 *
 * @returns the text with each such UTF-16 unit as a JSON escape, such as `\u202e`; a character above U+FFFF becomes two
 */
export function printable(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNPRINTABLE, escapeUnits);
}

function escapeUnits(char: string): string {
  return Array.from({ length: char.length }, (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`).join(
    '',
  );
}
