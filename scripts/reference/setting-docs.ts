import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scan } from '../../test/comments.ts';
import { parseDocstring, type Docstring } from './docstring.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The docstrings of the fields of a table, by name; `undefined` for a field without one. */
type FieldDocs = ReadonlyMap<string, Docstring | undefined>;

/** An object in a source file, before its spreads are replaced by the fields of the objects that they name. */
interface SourceObject {
  /** The name of the constant that holds it; empty if it has none. */
  readonly name: string;
  readonly entries: readonly (readonly [name: string, doc: Docstring | undefined] | { readonly spread: string })[];
  /** The literal of its field `type`; empty without one. */
  readonly type: string;
}

/** An entry of an object: a spread, or a name. The text between is blanked, so comments are spaces. */
const ENTRY = /\s*(?:\.\.\.(\w+)\s*(?=[,}])|([\w$]+)\s*(?=[:,}]))/y;

/** The literal of a field `type`, such as `v.literal('disk')`. */
const TYPE = /\s*:\s*v\.literal\('([\w-]+)'/y;

function objectsOf(source: string): readonly SourceObject[] {
  const { comments, code } = scan(source);
  const objects: SourceObject[] = [];
  for (const { index } of code.matchAll(/\{/g)) {
    const [, name = ''] = /\bconst (\w+) = $/.exec(code.slice(0, index)) ?? [];
    const entries: SourceObject['entries'][number][] = [];
    let type = '';
    for (let at = index + 1; at > 0; at = nextEntry(code, at)) {
      ENTRY.lastIndex = at;
      const [, spread, key] = ENTRY.exec(code) ?? [];
      const end = ENTRY.lastIndex;
      const docstring = comments.findLast((one) => one.isDocstring && one.start >= at && one.end <= end);
      if (spread !== undefined) entries.push({ spread });
      else if (key !== undefined) entries.push([key, docstring && parseDocstring(docstring.text)]);
      TYPE.lastIndex = end;
      if (key === 'type') [, type = ''] = TYPE.exec(source) ?? [];
    }
    objects.push({ name, entries, type });
  }
  return objects;
}

/** The place behind the comma that ends the entry at a place; 0 if the object ends. */
function nextEntry(code: string, start: number): number {
  let depth = 0;
  for (let at = start; at < code.length; at++) {
    const character = code[at] ?? '';
    if ('([{'.includes(character)) depth++;
    else if (')]}'.includes(character) && depth-- === 0) return 0;
    else if (character === ',' && depth === 0) return at + 1;
  }
  return 0;
}

const objects = globSync('src/config/*.ts', { cwd: ROOT })
  .toSorted()
  .flatMap((path) => objectsOf(readFileSync(join(ROOT, path), 'utf8')));

function resolve({ entries }: SourceObject): FieldDocs {
  return new Map(
    entries.flatMap((entry) => {
      if (!('spread' in entry)) return [entry];
      const named = objects.find(({ name }) => name === entry.spread);
      return named === undefined ? [] : [...resolve(named)];
    }),
  );
}

const byShape = new Map<string, FieldDocs[]>();
for (const object of objects) {
  const docs = resolve(object);
  const shape = shapeOf(docs.keys(), object.type);
  byShape.set(shape, [...(byShape.get(shape) ?? []), docs]);
}

/** The names of the fields of a table, and its type. */
function shapeOf(names: Iterable<string>, type: string): string {
  return `${[...names].toSorted().join()} ${type}`;
}

/** The literal of the field `type` of a schema; empty without one. */
export function literalType(entries: object): string {
  const schema: unknown = 'type' in entries ? entries.type : undefined;
  const isLiteral = typeof schema === 'object' && schema !== null && 'literal' in schema;
  return isLiteral && typeof schema.literal === 'string' ? schema.literal : '';
}

/**
 * Finds the docstring of a field of a schema: the comment before it in src/config. A schema keeps no comments, so the
 * object of the source is found by the names of its fields and its type. The field `type` needs no docstring.
 *
 * @returns `undefined` for the field `type` without one
 *
 * @param entries of the schema that has the field
 * @throws Error if the field has no docstring, or if objects with the same fields describe it differently
 */
export function docOf(entries: object, name: 'type'): Docstring | undefined;
export function docOf(entries: object, name: string): Docstring;
export function docOf(entries: object, name: string): Docstring | undefined {
  const shape = shapeOf(Object.keys(entries), literalType(entries));
  const found = (byShape.get(shape) ?? []).flatMap((docs) => docs.get(name) ?? []);
  const [doc] = found;
  const table = Object.keys(entries).join(', ');
  if (doc === undefined && name === 'type') return undefined;
  if (doc === undefined) throw new Error(`the setting "${name}" of the table ${table} has no docstring`);
  if (found.some(({ text }) => text !== doc.text)) throw new Error(`two docstrings of "${name}" of the table ${table}`);
  return doc;
}
