import * as v from 'valibot';
import { mistakesOf, settingsErrorOf, type Mistake } from '../base/settings-error.ts';
import { suggest } from '../base/suggest.ts';
import { withoutUser } from './urls.ts';

/** Bytes in a mebibyte. */
export const MiB = 1024 * 1024;

/** A year of 365 days, in ms. */
export const YEAR = 365 * 24 * 60 * 60 * 1000;

/**
 * Makes the schema of an integer.
 *
 * @param max largest value, inclusive
 * @param unit unit for the message, in the plural
 * @param min smallest value, inclusive
 */
export function count(max: number, unit: string, min = 0) {
  const message = `takes a whole number from ${min} to ${max} (${unit})`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(min, message), v.maxValue(max, message));
}

/**
 * Makes the schema of a text.
 *
 * @param message printed for a value that is no string or does not match
 */
export function text(pattern: RegExp, message: string) {
  return v.pipe(v.string(message), v.regex(pattern, message));
}

/** Makes the schema of a URL: a text that matches the pattern, and that the parser of URLs accepts. */
export function url(pattern: RegExp, message: string, isValid = (value: string) => URL.canParse(value)) {
  return v.pipe(text(pattern, message), v.check(isValid, message));
}

/**
 * Makes the schema of the name of a resource, such as a folder or a binding.
 *
 * @param description of the name in the message, with its article
 */
export function resourceName(description: string) {
  return text(/^[^\0]+$/, `takes ${description}`);
}

/** Schema of a timeout in ms. Timers of Node and browsers end at once if their time has more than 31 bits. */
export const timeout = count(2 ** 31 - 1, 'ms', 1);

/** Schema of a duration in ms, from 1 to a year. */
export const milliseconds = count(YEAR, 'ms', 1);

/** Schema of a switch. */
export const booleanSetting = v.boolean('takes true or false');

/** Makes the schema of a table with these fields and no others. */
export function table<const Entries extends v.ObjectEntries>(entries: Entries) {
  return v.strictObject(entries, `takes a table with the fields ${Object.keys(entries).join(', ')}`);
}

/** Makes the schema of a list of mounts, in a configuration or in code. */
export function mountList<const Mount extends v.GenericSchema>(mount: Mount) {
  return v.pipe(v.array(mount, 'takes a list of tables'), v.minLength(1, 'takes a table at the least'));
}

/** Schema of the name of a variable that holds a secret. */
export const secretName = text(
  /^[A-Z][A-Z0-9_]*$/,
  'takes the name of a variable or secret that holds it, of A-Z, 0-9 and "_", and not the secret itself',
);

/**
 * Validates data with a schema.
 *
 * @param fieldPrefix prefix of field names in the message, such as `limits.`
 * @returns the data with defaults filled in
 * @throws SettingsError that names every unknown or invalid field and its valid form
 */
export function check<const Schema extends v.GenericSchema>(
  schema: Schema,
  input: unknown,
  fieldPrefix = '',
): v.InferOutput<Schema> {
  // Valibot treats a list as an object, and would accept an empty one.
  const result = v.safeParse(schema, Array.isArray(input) ? null : input);
  if (result.success) return result.output;
  const mistakes = result.issues.map((issue) => describeIssue(issue, schema, input, fieldPrefix));
  const lines = mistakes.map(({ setting, text: sentence }) => `  ${setting === '' ? '' : `${setting}: `}${sentence}`);
  throw settingsErrorOf(`the settings can't be used:\n${lines.join('\n')}`, mistakes);
}

function describeIssue(issue: v.BaseIssue<unknown>, schema: unknown, input: unknown, fieldPrefix: string): Mistake {
  const { path: items = [] } = issue;
  const path = items.map(({ key }) => String(key));
  const last = path.at(-1);
  const above = fieldPrefix.split('.').slice(0, -1);
  if (last === undefined) {
    const takes = `${fieldPrefix === '' ? 'they take' : 'takes'} a table of fields`;
    return { setting: above.join('.'), text: takes, path: above, isUnknown: false };
  }
  const isUnknown = issue.type === 'strict_object' && issue.expected === 'never';
  const mistake = { setting: `${fieldPrefix}${path.join('.')}`, path: [...above, ...path], isUnknown };
  const mayBeSecret = isSecretPath(path);
  if (isUnknown) {
    const parent = path.slice(0, -1);
    const fields = schemasAt(schema, parent, input).flatMap((option) => Object.keys(field(option, 'entries') ?? {}));
    const validFields = `there are ${[...new Set(fields)].join(', ')}`;
    if (!mayBeSecret && FIELD_NAME.test(last)) {
      const replacement = REMOVED_FIELDS.get(mistake.setting.replace(/^mounts\.\d+\./, ''));
      const meant = replacement === undefined ? suggest(last, fields) : undefined;
      const hint = meant === undefined ? replacement && `${replacement}; ` : `did you mean ${meant}? `;
      return { ...mistake, text: `no such field; ${hint ?? ''}${validFields}` };
    }
    const number = Object.keys(field(items.at(-1), 'input') ?? {}).indexOf(last) + 1;
    return {
      ...mistake,
      setting: [...above, ...parent].join('.'),
      text: `field ${number} is none of those that there are, and not shown, since it may be a secret; ${validFields}`,
    };
  }
  if (issue.type === 'strict_object' && issue.input === undefined) {
    const messages = schemasAt(schema, path, input).map((option) => member(option, 'message'));
    const takes = messages.find((message) => typeof message === 'string') ?? 'it has to be there';
    return { ...mistake, text: `is missing; ${takes}` };
  }
  return { ...mistake, text: `${issue.message}${mayBeSecret ? '' : `, not ${show(issue.input)}`}` };
}

/** Fields that were removed before the first release, with the text of the message that names the replacement. */
const REMOVED_FIELDS: ReadonlyMap<string, string> = new Map([
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

/** Form of a field name. A field with another name may be a secret that was written at the wrong level. */
const FIELD_NAME = /^[A-Za-z_]{1,24}$/;

/** Tables with names of secrets, or with values that may be secrets. No message shows their content. */
const SECRET_TABLES = new Set(['access', 'admin', 'purge', 'headers', 'secret']);

/** Lists without secrets, though they are in such a table or have the same name as one. */
const SHOWN_LISTS = new Set(['blocks', 'origins', 'headers']);

function isSecretPath(path: readonly string[]): boolean {
  return path.some((name) => SECRET_TABLES.has(name)) && !SHOWN_LISTS.has(path.at(-2) ?? '');
}

/**
 * Finds the schemas at a path. There are several if a variant is not resolved.
 *
 * @param input the validated data, which select the option of a variant
 */
function schemasAt(schema: unknown, path: readonly string[], input: unknown): readonly object[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const wrapped = field(schema, 'wrapped');
  if (wrapped !== undefined) return schemasAt(wrapped, path, input);
  const getter = member(schema, 'getter');
  if (typeof getter === 'function') return schemasAt(Reflect.apply(getter, undefined, [input]), path, input);
  const options = member(schema, 'options');
  if (Array.isArray(options) && options.every((option) => typeof option === 'object')) {
    const selected = options.filter((option: unknown) => literalType(option) === member(input, 'type'));
    return (selected.length > 0 ? selected : options).flatMap((option: unknown) => schemasAt(option, path, input));
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
 * Prints a value for a message, shortened. The user name, the password and the query of a URL are omitted, since they
 * may be secrets. The content of a table or a list is omitted too.
 */
function show(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(withoutUser(value).replace(/\?.*/s, '?…')).slice(0, 80);
    case 'object':
      if (value === null) return 'null';
      const content = Object.keys(value).length === 0 ? '' : '…';
      return Array.isArray(value) ? `[${content}]` : `{${content}}`;
    case 'undefined':
    case 'function':
      return 'nothing';
    default:
      return String(value);
  }
}

/**
 * Calls a function, and adds the name of a setting to the message of its SettingsError.
 *
 * @param setting name of the setting
 * @throws SettingsError with the prefixed message; other errors unchanged
 */
export function withSettingName<Value>(setting: string, make: () => Value): Value {
  try {
    return make();
  } catch (error) {
    const mistakes = mistakesOf(error);
    if (!(error instanceof Error) || mistakes === undefined) throw error;
    const names = setting.split('.');
    const named = mistakes.map(({ setting: inner, text: sentence, path, isUnknown }) => ({
      setting: inner === '' ? setting : `${setting}.${inner}`,
      text: sentence,
      path: [...names, ...path],
      isUnknown,
    }));
    const separator = named.every((one) => one.setting === setting) ? ': ' : '.';
    throw settingsErrorOf(`${setting}${separator}${error.message}`, named, error);
  }
}
