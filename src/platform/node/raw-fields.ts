import type { MessageFields } from '../../http/index.ts';

/**
 * Wraps Node's `rawHeaders` as MessageFields. Each lookup scans the array: a request has few fields, and some six lookups.
 * Node's own `headers` are not used, because they drop the second line of some names: two dates must not look like one.
 *
 * @param lines name, value, name, value
 */
export function rawFields(lines: readonly string[]): MessageFields {
  function get(name: string): string | null {
    let value: string | null = null;
    for (let i = 0; i + 1 < lines.length; i += 2) {
      const other = lines[i] ?? '';
      if (other !== name && (other.length !== name.length || other.toLowerCase() !== name.toLowerCase())) continue;
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
