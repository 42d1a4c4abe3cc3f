import type { Fields } from '../../http/index.ts';

/**
 * Fields as Node lists their lines, looked through at each question: a request has few, and asks for some six of them.
 * Not Node's own `headers`, which drop the second line of some names: two dates must not look like one.
 *
 * @param lines names and values in turn
 */
export function rawFields(lines: readonly string[]): Fields {
  function get(name: string): string | null {
    let value: string | null = null;
    for (let i = 0; i + 1 < lines.length; i += 2) {
      const given = lines[i] ?? '';
      if (given !== name && (given.length !== name.length || given.toLowerCase() !== name.toLowerCase())) continue;
      value = value === null ? (lines[i + 1] ?? '') : `${value}, ${lines[i + 1] ?? ''}`;
    }
    return value;
  }
  return {
    get,
    has: (name) => get(name) !== null,
    *[Symbol.iterator]() {
      for (let i = 0; i + 1 < lines.length; i += 2) yield [lines[i] ?? '', lines[i + 1] ?? ''];
    },
  };
}
