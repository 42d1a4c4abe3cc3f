/**
 * Characters that terminals obey or that a reader does not see: controls but for line feeds, separators of lines,
 * format characters (bidirectional overrides, joiners, tags), other characters that are drawn as nothing, and lone
 * surrogates.
 */
const UNPRINTABLE = /(?!\n)[\p{Cc}\p{Zl}\p{Zp}\p{Cf}\p{Default_Ignorable_Code_Point}\p{Cs}]/gu;

/** Nearly all texts: a look at classes of Unicode's characters takes ten times as long. */
const PLAIN = /^[\n\x20-\x7e]*$/;

/** Writes such characters as JSON escapes, `\u202e`: two of them for a character beyond U+FFFF. */
export function printable(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNPRINTABLE, escapeUnits);
}

function escapeUnits(char: string): string {
  return Array.from({ length: char.length }, (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`).join(
    '',
  );
}
