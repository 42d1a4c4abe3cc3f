import * as v from 'valibot';
import { settingsError, type SettingsError } from '../access/settings-error.ts';

export { settingsError, type SettingsError };

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

const SECRET_NAME = 'takes the name of a variable or secret that holds it, and not the secret itself';

/** The name of what holds a secret. What stands in its place is never shown: it may be the secret. */
export const secretName = text(/^[A-Za-z_]\w*$/, SECRET_NAME);

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
  const lines = result.issues.map((issue) => describeIssue(issue, schema, input, where));
  throw settingsError(`the settings can't be used:\n${lines.join('\n')}`);
}

function describeIssue(issue: v.BaseIssue<unknown>, schema: unknown, input: unknown, where: string): string {
  const dotted = v.getDotPath(issue);
  if (dotted === null)
    return where === '' ? '  they take a table of fields' : `  ${where.slice(0, -1)}: takes a table of fields`;
  const named = `  ${where}${dotted}:`;
  const path = dotted.split('.');
  const isUnknown = issue.type === 'strict_object' && issue.expected === 'never';
  if (isUnknown) {
    const tables = schemasAt(schema, path.slice(0, -1), input);
    const fields = tables.flatMap((table) => Object.keys(field(table, 'entries') ?? {}));
    return `${named} no such field; there are ${[...new Set(fields)].join(', ')}`;
  }
  if (issue.type === 'strict_object' && issue.input === undefined) {
    const messages = schemasAt(schema, path, input).map((one) => member(one, 'message'));
    return `${named} is missing; ${messages.find((one) => typeof one === 'string') ?? 'it has to be there'}`;
  }
  return `${named} ${issue.message}${issue.message === SECRET_NAME ? '' : `, not ${show(issue.input)}`}`;
}

/** What may stand at a place so deep in the schema, as the data are. */
function schemasAt(schema: unknown, path: readonly string[], input: unknown): readonly object[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const wrapped = field(schema, 'wrapped');
  if (wrapped !== undefined) return schemasAt(wrapped, path, input);
  const getter = member(schema, 'getter');
  if (typeof getter === 'function') return schemasAt(Reflect.apply(getter, undefined, [input]), path, input);
  const options = member(schema, 'options');
  if (Array.isArray(options) && options.every((one) => typeof one === 'object')) {
    const meant = options.filter((one: unknown) => literalType(one) === member(input, 'type'));
    return (meant.length > 0 ? meant : options).flatMap((one: unknown) => schemasAt(one, path, input));
  }
  const [name, ...rest] = path;
  if (name === undefined) return [schema];
  const inner = field(schema, 'entries');
  const next = inner === undefined ? (field(schema, 'item') ?? field(schema, 'rest')) : field(inner, name);
  return schemasAt(next, rest, member(input, name));
}

function literalType(option: unknown): unknown {
  return member(member(member(option, 'entries'), 'type'), 'literal');
}

function field(value: unknown, name: string): object | undefined {
  const found = member(value, name);
  return typeof found === 'object' && found !== null ? found : undefined;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

/** Shortened, and without the name and password that an address may have. */
function show(value: unknown): string {
  return (
    JSON.stringify(value)
      ?.replace(/\/\/[^/@"]*@/g, '//…@')
      .slice(0, 80) ?? 'nothing'
  );
}

/** Says where a mistake is that was found by who knows only what it is. */
export function locate<Value>(where: string, make: () => Value): Value {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'SettingsError') throw error;
    throw settingsError(`${where}: ${error.message}`, error);
  }
}
