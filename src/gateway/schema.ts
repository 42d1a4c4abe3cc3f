import * as v from 'valibot';

/** Thrown at start; its message names each wrong field and what it takes. */
export interface SettingsError extends Error {
  readonly name: 'SettingsError';
}

/** Makes a {@link SettingsError}. */
export function settingsError(message: string, cause?: unknown): SettingsError {
  return Object.assign(new Error(message, { cause }), { name: 'SettingsError' as const });
}

export const MiB = 1024 * 1024;

/** In ms. */
export const YEAR = 365 * 24 * 60 * 60 * 1000;

/** A whole number of something. */
export function count(most: number, what: string, least = 0) {
  const message = `takes a whole number from ${least} to ${most} (${what})`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(least, message), v.maxValue(most, message));
}

/** A text of a form. */
export function text(pattern: RegExp, message: string) {
  return v.pipe(v.string(message), v.regex(pattern, message));
}

export const milliseconds = count(YEAR, 'ms', 1);

export const onOff = v.boolean('takes true or false');

/**
 * Checks data against a schema.
 *
 * @param where put before the names of fields
 * @throws SettingsError that names every field which is unknown or wrong, and what it takes
 */
export function check<const Schema extends v.GenericSchema>(
  schema: Schema,
  input: unknown,
  where = '',
): v.InferOutput<Schema> {
  // To valibot a list is an object without fields, and an empty one would pass.
  const result = v.safeParse(schema, Array.isArray(input) ? null : input);
  if (result.success) return result.output;
  const lines = result.issues.map((issue) => describeIssue(issue, schema, where));
  throw settingsError(`the settings can't be used:\n${lines.join('\n')}`);
}

function describeIssue(issue: v.BaseIssue<unknown>, schema: unknown, where: string): string {
  const path = v.getDotPath(issue);
  if (path === null)
    return where === '' ? '  they take a table of fields' : `  ${where.slice(0, -1)}: takes a table of fields`;
  const isUnknown = issue.type === 'strict_object' && issue.expected === 'never';
  if (!isUnknown) return `  ${where}${path}: ${issue.message}, not ${show(issue.input)}`;
  const fields = fieldsAt(schema, path.split('.').slice(0, -1));
  return `  ${where}${path}: no such field; there are ${fields.join(', ')}`;
}

/** The fields that a table takes, which lies so deep in the schema. */
function fieldsAt(schema: unknown, path: readonly string[]): readonly string[] {
  const entries = field(schema, 'entries');
  const [name, ...rest] = path;
  if (entries !== undefined) {
    return name === undefined ? Object.keys(entries) : fieldsAt(field(entries, name), rest);
  }
  const item = field(schema, 'item');
  if (item !== undefined) return fieldsAt(item, rest);
  const wrapped = field(schema, 'wrapped');
  if (wrapped !== undefined) return fieldsAt(wrapped, path);
  const options: unknown = field(schema, 'options');
  const known = Array.isArray(options) ? options.flatMap((option: unknown) => fieldsAt(option, path)) : [];
  return [...new Set(known)];
}

function field(value: unknown, name: string): object | undefined {
  const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  return typeof found === 'object' && found !== null ? found : undefined;
}

function show(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 80) ?? 'nothing';
}
