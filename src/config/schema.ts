import * as v from 'valibot';
import { settingsError } from '../base/settings-error.ts';

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

/** A table of these fields and no others. */
export function table<const Entries extends v.ObjectEntries>(entries: Entries) {
  return v.strictObject(entries, `takes a table with the fields ${Object.keys(entries).join(', ')}`);
}

/** A list of mounts, in a configuration or in code. */
export function mountList<const Mount extends v.GenericSchema>(mount: Mount) {
  return v.pipe(v.array(mount, 'takes a list of tables'), v.minLength(1, 'takes a table at the least'));
}

/** The name of a variable that holds a secret. */
export const secretName = text(
  /^[A-Z][A-Z0-9_]*$/,
  'takes the name of a variable or secret that holds it, of A-Z, 0-9 and "_", and not the secret itself',
);

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
  const { path: items = [] } = issue;
  const path = items.map(({ key }) => String(key));
  const last = path.at(-1);
  if (last === undefined)
    return where === '' ? '  they take a table of fields' : `  ${where.slice(0, -1)}: takes a table of fields`;
  const named = `  ${where}${path.join('.')}:`;
  const mayBeSecret = isSecretPlace(path);
  const isUnknown = issue.type === 'strict_object' && issue.expected === 'never';
  if (isUnknown) {
    const above = path.slice(0, -1);
    const fields = schemasAt(schema, above, input).flatMap((one) => Object.keys(field(one, 'entries') ?? {}));
    const there = `there are ${[...new Set(fields)].join(', ')}`;
    if (!mayBeSecret && FIELD_NAME.test(last)) {
      const instead = REPLACED.get(`${where}${path.join('.')}`.replace(/^mounts\.\d+\./, ''));
      return `${named} no such field; ${instead === undefined ? there : `${instead}; ${there}`}`;
    }
    const place = `${where}${above.join('.')}`.replace(/\.$/, '');
    const number = Object.keys(field(items.at(-1), 'input') ?? {}).indexOf(last) + 1;
    return `  ${place === '' ? '' : `${place}: `}field ${number} is none of those that there are, and not shown, since it may be a secret; ${there}`;
  }
  if (issue.type === 'strict_object' && issue.input === undefined) {
    const messages = schemasAt(schema, path, input).map((one) => member(one, 'message'));
    return `${named} is missing; ${messages.find((one) => typeof one === 'string') ?? 'it has to be there'}`;
  }
  return `${named} ${issue.message}${mayBeSecret ? '' : `, not ${show(issue.input)}`}`;
}

/** Fields that there were before the first release, and what to write in their place. */
const REPLACED: ReadonlyMap<string, string> = new Map([
  ['ranges.maxFieldLength', 'it is always 32768'],
  ['ranges.maxGapBytes', 'it is always 67108864'],
  ['resume.tries', 'it is always 3'],
  ['resume.patience', 'it is always 60000'],
  ['blocks.immutable', 'use ttl = "forever"'],
  ['cached', 'use cache = false'],
  ['limits.urlLength', 'it is always 16384'],
  ['limits.headerBytes', 'it is always 65536'],
  ['limits.headerTimeout', 'it is always 15000'],
  ['log', 'in code, use observers: [logObserver(log)]'],
  ['logged', 'in code, use observers: [logObserver(log, logged)]'],
]);

/** How the name of a field looks. A field of any other name may be a secret that was written one level off. */
const FIELD_NAME = /^[A-Za-z_]{1,24}$/;

/** Tables that hold names of secrets, or values that may be one: nothing that stands in them is shown. */
const SECRET_TABLES = new Set(['access', 'purge', 'headers']);

/** Lists that hold no secret, though they are in such a table or have its name. */
const SHOWN_LISTS = new Set(['blocks', 'origins', 'headers']);

function isSecretPlace(path: readonly string[]): boolean {
  return path.some((name) => SECRET_TABLES.has(name)) && !SHOWN_LISTS.has(path.at(-2) ?? '');
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

/**
 * A value for a message, shortened. The name, the password and the query of an address are left out, since they may be
 * secrets, and so is the content of a table or a list.
 */
function show(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.replace(/\/\/.*@/s, '//…@').replace(/\?.*/s, '?…')).slice(0, 80);
    case 'object':
      if (value === null) return 'null';
      const inside = Object.keys(value).length === 0 ? '' : '…';
      return Array.isArray(value) ? `[${inside}]` : `{${inside}}`;
    case 'undefined':
    case 'function':
      return 'nothing';
    default:
      return String(value);
  }
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
