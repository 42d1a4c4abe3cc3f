import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { scan } from '../../test/comments.ts';
import { firstSentence, parseDocstring } from './docstring.ts';

const ROOT = join(import.meta.dirname, '../..');

/** An export of an entry of the package. */
export interface DocumentedExport {
  readonly name: string;
  readonly kind: 'value' | 'type';
  /** The name, and for a function its parameters: `withResume(store, options?)`. */
  readonly signature: string;
  /** The first sentence of its docstring. */
  readonly sentence: string;
  /** The comment above the group of exports in the entry; empty without one. */
  readonly group: string;
}

interface Declaration {
  readonly kind: 'value' | 'type';
  readonly signature: string;
  readonly sentence: string;
}

/** A name that a file exports from another file or from itself. */
interface Listed {
  readonly name: string;
  readonly local: string;
  /** The file that it is exported from; `undefined` if the list has no `from`. */
  readonly from: string | undefined;
  readonly group: string;
}

const LIST = /^export (?:type )?\{([^}]*)\}(?: from '([^']+)')?;/gm;
const STAR = /^export \* from '([^']+)'/gm;
const DECLARED = /^(export )?(?:declare )?(?:async )?(function|const|class|interface|type) (\w+)/gm;

interface SourceFile {
  readonly path: string;
  readonly source: string;
  readonly scanned: ReturnType<typeof scan>;
}

const files = new Map<string, SourceFile>();

function read(path: string): SourceFile {
  const known = files.get(path);
  if (known !== undefined) return known;
  const source = readFileSync(join(ROOT, path), 'utf8');
  const file = { path, source, scanned: scan(source) };
  files.set(path, file);
  return file;
}

/**
 * Reads the exports of a module with their docstrings, from the source.
 *
 * @param path relative to the checkout
 * @throws Error if an export has no docstring
 */
export function documentedExports(path: string): readonly DocumentedExport[] {
  const file = read(path);
  const stars = [...file.source.matchAll(STAR)].flatMap(({ 1: module = '', index }) =>
    documentedExports(join(dirname(path), module)).map(({ name, kind, signature, sentence }) => ({
      name,
      kind,
      signature,
      sentence,
      group: groupAt(file, index),
    })),
  );
  const own = [...file.source.matchAll(DECLARED)]
    .filter(([, exported]) => exported !== undefined)
    .map(({ 3: name = '' }) => ({ name, local: name, from: undefined, group: '' }));
  const all = [...listed(file), ...own].map(({ name, local, from, group }) => {
    const declared = find(from === undefined ? path : join(dirname(path), from), local, name);
    if (declared === undefined) throw new Error(`${path}: the export ${name} has no docstring`);
    const { kind, signature, sentence } = declared;
    return { name, kind, signature, sentence, group };
  });
  return [...new Map([...all, ...stars].map((one) => [one.name, one])).values()];
}

function listed(file: SourceFile): readonly Listed[] {
  return [...file.source.matchAll(LIST)].flatMap(({ 1: list = '', 2: from, index }) =>
    itemsOf(list).map(({ name, local }) => ({ name, local, from, group: groupAt(file, index) })),
  );
}

/** The names that a file imports from files of its own package, and may pass on. */
function imported({ source }: SourceFile): readonly Listed[] {
  return [...source.matchAll(/^import (?:type )?\{([^}]*)\} from '(\.[^']+)';/gm)].flatMap(([, list = '', from]) =>
    itemsOf(list).map(({ name, local }) => ({ name, local, from, group: '' })),
  );
}

/** The names of a list of exports or imports: `a, type B as C`. */
function itemsOf(list: string): readonly { readonly name: string; readonly local: string }[] {
  return list.split(',').flatMap((item) => {
    const [, local, name] = /^\s*(?:type )?(\w+)(?: as (\w+))?\s*$/.exec(item) ?? [];
    return local === undefined ? [] : [{ name: name ?? local, local }];
  });
}

/** The line comment above a group of exports, up to its colon. */
function groupAt({ scanned }: SourceFile, index: number): string {
  const comment = scanned.comments.findLast((one) => !one.isDocstring && one.end <= index);
  return comment?.text.trim().split(':')[0] ?? '';
}

/** Finds the declaration of a name, through files that only pass it on. */
function find(path: string, local: string, name: string): Declaration | undefined {
  const file = read(path);
  const declared = [...file.source.matchAll(DECLARED)].filter((match) => match[3] === local);
  for (const { 2: keyword = '', index } of declared) {
    const docstring = file.scanned.comments.find(
      ({ isDocstring, end }) => isDocstring && end <= index && file.source.slice(end, index).trim() === '',
    );
    if (docstring === undefined) continue;
    const kind = keyword === 'interface' || keyword === 'type' ? 'type' : 'value';
    const sentence = firstSentence(parseDocstring(docstring.text));
    return { kind, sentence, signature: `${name}${parameters(file, keyword, index)}` };
  }
  const passed = [...listed(file), ...imported(file)].find((one) => one.name === local && one.from !== undefined);
  if (passed?.from !== undefined) return find(join(dirname(path), passed.from), passed.local, name);
  for (const [, module = ''] of file.source.matchAll(STAR)) {
    const found = find(join(dirname(path), module), local, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The parameters of a function, `(store, options?)`; empty for other declarations. */
function parameters({ scanned: { code } }: SourceFile, keyword: string, index: number): string {
  if (keyword !== 'function' && keyword !== 'const') return '';
  const start = /(?:function\*? \w+(?:<[^(]*>)?|const \w+(?:: [^=\n]*)? = (?:async )?)\(/y;
  start.lastIndex = code.indexOf(keyword, index);
  if (!start.test(code)) return '';
  const names: string[] = [];
  let depth = 0;
  let from = start.lastIndex;
  for (let at = from; at < code.length; at++) {
    const character = code[at] ?? '';
    if (depth === 0 && (character === ',' || character === ')')) {
      const name = parameterName(code.slice(from, at));
      if (name !== '') names.push(name);
      from = at + 1;
      if (character === ')') break;
    } else if ('([{<'.includes(character)) depth++;
    else if (')]}'.includes(character) || (character === '>' && code[at - 1] !== '=')) depth--;
  }
  return `(${names.join(', ')})`;
}

/** `store`, `options?` for one with a default, `...rules`; options that are taken apart are `options`. */
function parameterName(text: string): string {
  const written = text.trim();
  const [, rest = '', name, optional = ''] = /^(\.\.\.)?(\w+)(\?)?/.exec(written) ?? [];
  const hasDefault = /[^=!<>]=(?![=>])/.test(written.replace(/^\{[^}]*\}/, '').replaceAll('=>', ''));
  if (name === undefined) return written === '' ? '' : `options${hasDefault ? '?' : ''}`;
  return `${rest}${name}${optional || (hasDefault ? '?' : '')}`;
}
