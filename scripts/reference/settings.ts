import type { Platform } from '../../src/platform/checked-config.ts';
import { cell, type Docstring } from './docstring.ts';
import { docOf, literalType } from './setting-docs.ts';

/** A field of a configuration, as a row of the reference. */
export interface Setting {
  /** From the table that the page describes, such as `cors.origins`. */
  readonly path: string;
  /** The values that it takes. */
  readonly takes: string;
  readonly byDefault: string;
  /** The platforms that have it; empty if all have it. */
  readonly platforms: string;
  readonly text: string;
}

/** A schema with the members that the reference reads. Valibot has them, but their types depend on the schema. */
interface Schema {
  readonly type: string;
  readonly message?: unknown;
  readonly default?: unknown;
  readonly wrapped?: unknown;
  readonly entries?: object;
  readonly options?: readonly unknown[];
  readonly getter?: unknown;
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function schemaOf(value: unknown): Schema {
  if (!isSchema(value)) throw new Error('this is no schema of valibot');
  return value;
}

/** The branch of a schema that depends on its input, or the schema itself. */
function branch(schema: Schema, input: unknown): Schema {
  return typeof schema.getter === 'function' ? schemaOf(Reflect.apply(schema.getter, undefined, [input])) : schema;
}

const PLATFORM_NAMES: Readonly<Record<Platform, string>> = { node: 'Node', workers: 'Workers', lambda: 'Lambda' };

/** Prints the names of platforms; all of them as an empty text. */
export function printPlatforms(platforms: readonly string[]): string {
  const entries = Object.entries(PLATFORM_NAMES);
  const names = entries.flatMap(([platform, name]) => (platforms.includes(platform) ? [name] : []));
  if (names.length !== platforms.length) throw new Error(`there is no such platform: ${platforms.join(', ')}`);
  return names.length === entries.length ? '' : names.join(', ');
}

/**
 * Lists the fields of a schema, those of its tables included.
 *
 * @param value a schema of a table
 * @param omitted names of fields that another table of the reference has
 */
export function settingsOf(value: unknown, omitted: readonly string[] = [], above = ''): readonly Setting[] {
  const { entries = {} } = schemaOf(value);
  return Object.entries(entries)
    .filter(([name]) => name !== 'type' && !omitted.includes(name))
    .flatMap(([name, schema]) => {
      const path = `${above}${name}`;
      const field = schemaOf(schema);
      const table = branch(field.type === 'optional' ? schemaOf(field.wrapped) : field, {});
      const inner = table.type === 'strict_object' ? settingsOf(table, [], `${path}.`) : [];
      return [rowOf(path, field, docOf(entries, name))].concat(inner);
    });
}

function rowOf(path: string, field: Schema, doc: Docstring): Setting {
  const { tags } = doc;
  const platforms = tags.get('platform');
  return {
    path,
    takes: tags.get('takes') ?? takes(field),
    byDefault: tags.get('default') ?? printDefault(field),
    platforms: platforms === undefined ? '' : printPlatforms(platforms.split(', ')),
    text: printText(doc),
  };
}

function printText({ text, tags }: Docstring): string {
  const see = tags.get('see');
  return cell(see === undefined ? text : `${text} More: ${link(see)}`);
}

/** A page as a link between pages: `docs/caching.md#purge` is `[caching.md](caching.md#purge)`. */
function link(page: string): string {
  const address = page.replace(/^docs\//, '');
  return `[${address.replace(/#.*/, '')}](${address})`;
}

/** The values that a field takes, by the message for a wrong one. */
function takes(field: Schema): string {
  const schema = branch(field.type === 'optional' ? schemaOf(field.wrapped) : field, true);
  if (typeof schema.message !== 'string') throw new Error(`a schema "${schema.type}" has no message`);
  const { message } = schema;
  return message
    .replace(/^takes /, '')
    .replace(/;.*/, '')
    .replace(/ with the fields? .*/, '')
    .replace(/ that holds it, of A-Z.*/, '')
    .replace(/a whole number from (\d+) to (\d+) \((.*)\)/, printRange)
    .replaceAll(/"[^"]*"|\b(?:true|false)\b/g, '`$&`');
}

function printRange(_: string, min: string, max: string, unit: string): string {
  if (Number(max) === Number.MAX_SAFE_INTEGER) return `${unit}, from ${printNumber(Number(min))}`;
  return `${unit}, ${printNumber(Number(min))} to ${printNumber(Number(max))}`;
}

function printDefault(field: Schema): string {
  if (field.type !== 'optional') return 'required';
  const { default: value } = field;
  if (value === undefined || typeof value === 'object') return '';
  return typeof value === 'number' ? printNumber(value) : `\`${JSON.stringify(value)}\``;
}

function printNumber(value: number): string {
  return value.toLocaleString('en');
}

/** A type of a table that has several, such as the types of stores. */
export interface TableType {
  readonly type: string;
  /** What it is for; empty if its fields say it. */
  readonly text: string;
  readonly fields: readonly Setting[];
}

/** Lists the types of a variant, each with its fields. */
export function typesOf(value: unknown): readonly TableType[] {
  const schema = schemaOf(value);
  const { options = [] } = branch(schema.type === 'optional' ? schemaOf(schema.wrapped) : schema, {});
  return options.map((option) => {
    const { entries = {} } = schemaOf(option);
    const type = literalType(entries);
    if (type === '') throw new Error('an option of the variant has no type');
    const doc = docOf(entries, 'type');
    return { type, text: doc === undefined ? '' : printText(doc), fields: settingsOf(option) };
  });
}
