/**
 * Makes characters visible that have no picture and that could change how the text around them is read: control
 * characters, and those that set the direction of writing.
 */
export function visible(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu,
    (character) => `‹U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}›`,
  );
}
