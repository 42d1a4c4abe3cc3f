/** A docstring: its sentences, and the tags that the reference reads. */
export interface Docstring {
  /** The text before the first tag, in one line a paragraph. */
  readonly text: string;
  /** The value of each tag; of a tag that is repeated, the first. */
  readonly tags: ReadonlyMap<string, string>;
}

/** Parses the text of a docstring, whose comment marks are removed already. */
export function parseDocstring(comment: string): Docstring {
  const [text = '', ...sections] = comment
    .split('\n')
    .map((line) => line.trim())
    .join('\n')
    .split(/^@(?=[a-z])/m);
  const tags = new Map<string, string>();
  for (const section of sections) {
    const [, name = '', value = ''] = /^(\w+)\s*([^]*)$/.exec(section) ?? [];
    if (!tags.has(name)) tags.set(name, inLine(value));
  }
  const paragraphs = text.trim().split(/\n{2,}/);
  return { text: paragraphs.map(inLine).join(' '), tags };
}

/** Returns the first sentence of a docstring, without its full stop, and without a list in it. */
export function firstSentence(docstring: Docstring): string {
  const text = docstring.text.replace(/:? - `[^]*/, '');
  return withoutStop(/^[^]*?\.(?=\s+[A-Z`[{-]|$)/.exec(text)?.[0] ?? text);
}

/** Removes the full stop at the end of a sentence. */
export function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, '');
}

/** Prints text of a docstring in a cell of a Markdown table. */
export function cell(text: string): string {
  return text
    .replaceAll(/\{@link (?:\w+\.)?([\w.]+)\}/g, '`$1`')
    .replaceAll(/(?<!\\)\|/g, '\\|')
    .replaceAll('\n', ' ');
}

function inLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, ' ');
}
