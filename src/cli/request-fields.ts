import { isFieldValue, trimOws } from '../http/index.ts';
import { usageError } from './usage.ts';

/** Fields that HTTP itself needs, and that no command line sets. */
const FRAMING: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Reads `--header 'Name: value'`, which may be repeated. A value may be a secret, so no message quotes it.
 *
 * @param own names, in lower case, of the fields that the command sets itself
 * @returns the fields by name in lower case
 * @throws UsageError for a text that is no field, or a field that the command sets itself
 */
export function parseRequestFields(texts: readonly string[], own: readonly string[]): Readonly<Record<string, string>> {
  const fields = new Map<string, string>();
  for (const text of texts) {
    const [, name, value = ''] = /^([\w!#$%&'*+.^`|~-]+):(.*)$/s.exec(text) ?? [];
    if (name === undefined || !isFieldValue(value))
      throw usageError("--header takes a field such as 'Authorization: Bearer abc'");
    const key = name.toLowerCase();
    if (own.includes(key) || FRAMING.has(key))
      throw usageError(`--header can't set ${name}, because the command sets it`);
    if (fields.has(key)) throw usageError(`--header takes ${name} once`);
    fields.set(key, trimOws(value));
  }
  return Object.fromEntries(fields);
}
