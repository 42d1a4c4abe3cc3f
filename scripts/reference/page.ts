/** A page of the reference. */
export interface ReferencePage {
  /** The name of its file in docs/. */
  readonly name: string;
  readonly text: string;
}

/** Makes a page of its parts, with an empty line between them. */
export function page(name: string, ...parts: readonly string[]): ReferencePage {
  return { name, text: `${parts.join('\n\n')}\n` };
}

/** Prints a table of Markdown. A column without a value in any row is left out. */
export function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const used = columns.map((_, i) => i === 0 || rows.some((row) => (row[i] ?? '') !== ''));
  const line = (cells: readonly string[]) => `| ${cells.filter((_, i) => used[i]).join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')).replaceAll(' ', ''), ...rows.map(line)].join('\n');
}
