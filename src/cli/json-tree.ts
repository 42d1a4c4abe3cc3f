import { parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import type { Place, SettingsTree } from './settings-tree.ts';

/** A mistake in the text of a file. */
export interface TextMistake {
  /** The mistake in a sentence. It does not contain the text of the file, which may be a secret. */
  readonly text: string;
  readonly place: Place;
}

/** The places of a JSON file, and the fields that it has twice. */
export interface JsonPlaces {
  readonly tree: SettingsTree | undefined;
  readonly mistakes: readonly TextMistake[];
}

/**
 * Finds the first mistake in the syntax of JSON.
 *
 * @returns `undefined` if there is none
 */
export function findJsonMistake(text: string): TextMistake | undefined {
  if (text.trim() === '')
    return { text: 'the file is empty; {} is a configuration without settings', place: placeAt(text, 0) };
  if (text.startsWith('\ufeff')) {
    return { text: 'a byte order mark is at its start; save it as UTF-8 without one', place: placeAt(text, 0) };
  }
  const errors: ParseError[] = [];
  withoutOverflow(() => parseTree(text, errors, { disallowComments: true }));
  const [first] = errors;
  return first && { text: explainSyntax(text, first), place: placeAt(text, first.offset) };
}

/** Returns the places of all values of a text that is JSON, with or without comments. */
export function jsonPlaces(text: string): JsonPlaces {
  const mistakes: TextMistake[] = [];
  const tree = withoutOverflow(() => {
    const root = parseTree(text, [], { allowTrailingComma: true });
    return root && toTree(root, root, text, mistakes);
  });
  return { tree, mistakes };
}

/** The parser is recursive: a file of 10,000 brackets exhausts the stack. Messages about it have no places. */
function withoutOverflow<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function toTree(node: Node, name: Node, text: string, mistakes: TextMistake[]): SettingsTree {
  const members = new Map<string, SettingsTree>();
  for (const [i, child] of (node.children ?? []).entries()) {
    const [key, value] = child.type === 'property' ? (child.children ?? []) : [child, child];
    if (key === undefined || value === undefined) continue;
    const field = child.type === 'property' ? String(key.value) : String(i);
    const first = members.get(field);
    if (first !== undefined) mistakes.push(writtenTwice(field, placeAt(text, key.offset), first.name));
    members.set(field, toTree(value, key, text, mistakes));
  }
  // Places are counted when they are printed: counting all would take quadratic time.
  return {
    get name() {
      return placeAt(text, name.offset);
    },
    get value() {
      return placeAt(text, node.offset);
    },
    members,
  };
}

/** Form of a field name that may be printed. A field with another name may be a secret. */
const FIELD_NAME = /^[$A-Za-z_]{1,24}$/;

function writtenTwice(field: string, place: Place, { line, column }: Place): TextMistake {
  const name = FIELD_NAME.test(field) ? field : 'a field';
  return { text: `${name} has no effect at ${line}:${column}, since it is written again here`, place };
}

/** The offset counts UTF-16 units, as the columns of editors do. */
function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}

function explainSyntax(text: string, { error, offset }: ParseError): string {
  const rest = text.slice(offset);
  switch (printParseErrorCode(error)) {
    case 'CommaExpected':
      return 'a comma is missing before this';
    case 'ColonExpected':
      return 'a colon is missing between a name and its value';
    case 'PropertyNameExpected':
      return /^[}\]]/.test(rest) ? 'the comma before this has nothing after it' : 'a name in double quotes is missing';
    case 'ValueExpected':
      return rest.startsWith(']') ? 'the comma before this has nothing after it' : 'a value is missing';
    case 'CloseBraceExpected':
      return 'a closing } is missing';
    case 'CloseBracketExpected':
      return 'a closing ] is missing';
    case 'EndOfFileExpected':
      return 'it has to end before this';
    case 'InvalidCommentToken':
    case 'UnexpectedEndOfComment':
      return 'JSON has no comments';
    case 'UnexpectedEndOfString':
      return 'this text has no closing quote in its line';
    case 'InvalidNumberFormat':
    case 'UnexpectedEndOfNumber':
      return 'this number is not whole';
    case 'InvalidUnicode':
    case 'InvalidEscapeCharacter':
      return String.raw`this text has a backslash that begins no escape; a backslash itself is \\`;
    case 'InvalidCharacter':
      return String.raw`this text has a control character in it, which takes an escape such as \t`;
    case 'InvalidSymbol':
    default:
      return 'names and texts take double quotes, other values are numbers, true, false and null';
  }
}
