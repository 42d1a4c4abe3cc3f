import { parseTOML, type AST } from 'toml-eslint-parser';
import type { Place, SettingsTree } from './settings-tree.ts';

/** A tree in the making: a later header may add fields to a table. */
interface Growing {
  name: Place;
  value: Place;
  readonly members: Map<string, Growing>;
}

/**
 * Returns the places of all values of a TOML file.
 *
 * @throws SyntaxError if it is not TOML
 */
export function tomlPlaces(text: string): SettingsTree {
  const start = { line: 1, column: 1 };
  const root: Growing = { name: start, value: start, members: new Map() };
  // Wrangler reads TOML 1.1 too.
  for (const entry of parseTOML(text, { tomlVersion: 'next' }).body[0].body) {
    if (entry.type === 'TOMLKeyValue') addField(root, entry);
    else addTable(root, entry);
  }
  return root;
}

function addTable(root: Growing, { resolvedKey, key, body, loc }: AST.TOMLTable): void {
  let table = root;
  let names = 0;
  for (const name of resolvedKey) {
    // The number of a table in a list is not written in its header.
    const place = typeof name === 'string' ? placeOf(key.keys[names++] ?? key) : placeOf({ loc });
    table = memberOf(table, String(name), place, placeOf({ loc }));
  }
  // A header below this table may have been before it.
  table.value = placeOf({ loc });
  for (const field of body) addField(table, field);
}

function addField(table: Growing, { key, value }: AST.TOMLKeyValue): void {
  let parent = table;
  for (const part of key.keys) parent = memberOf(parent, nameOf(part), placeOf(part), placeOf(part));
  parent.value = placeOf(value);
  addContent(parent, value);
}

function addContent(parent: Growing, content: AST.TOMLContentNode): void {
  if (content.type === 'TOMLInlineTable') for (const field of content.body) addField(parent, field);
  if (content.type !== 'TOMLArray') return;
  for (const [i, element] of content.elements.entries()) {
    addContent(memberOf(parent, String(i), placeOf(element), placeOf(element)), element);
  }
}

function memberOf(parent: Growing, field: string, name: Place, value: Place): Growing {
  const known = parent.members.get(field);
  if (known !== undefined) return known;
  const member: Growing = { name, value, members: new Map() };
  parent.members.set(field, member);
  return member;
}

function nameOf(key: AST.TOMLBare | AST.TOMLQuoted): string {
  return key.type === 'TOMLBare' ? key.name : key.value;
}

/** The parser counts columns from 0. */
function placeOf({ loc }: AST.HasLocs | Pick<AST.HasLocs, 'loc'>): Place {
  return { line: loc.start.line, column: loc.start.column + 1 };
}
