/** A comment of a source file. Adjacent `//` lines are one comment. */
export interface Comment {
  /** Without the comment marks; line breaks are kept, so that a position in it gives a line. */
  readonly text: string;
  /** The line that it begins in, from 1. */
  readonly line: number;
  readonly isDocstring: boolean;
  /** Half-open, in characters of the source. */
  readonly start: number;
  readonly end: number;
}

/** A source file, split into comments and code. */
export interface Scanned {
  readonly comments: readonly Comment[];
  /** The source with a space for each character of comments, strings, templates and regular expressions. */
  readonly code: string;
}

/** Tokens that are not code, in the order of the alternatives; a template is scanned by hand because of its `${}`. */
const TOKEN = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"|[`/{}]/g;

/** A `/` after one of these begins a regular expression; after anything else it divides. */
const BEFORE_REGEXP = /(?:^|[(,=:[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|in|of|do|else|void|throw|await|yield))\s*$/;
const REGEXP = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;

/**
 * Splits TypeScript into comments and code, without a parser. Exact for code as oxfmt prints it; a regular expression
 * directly after a closing brace or bracket would be read as a division.
 */
export function scan(source: string): Scanned {
  const comments: Comment[] = [];
  const code = source.split('');
  const blank = (start: number, end: number) => {
    for (let i = start; i < end; i++) if (code[i] !== '\n') code[i] = ' ';
  };
  /** For each open brace, whether it is a `${` whose end continues a template. */
  const braces: boolean[] = [];
  for (let at = 0; ;) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(source);
    if (found === null) return { comments: joinLines(comments, source), code: code.join('') };
    const { 0: token, index } = found;
    at = index + token.length;
    if (token.startsWith('//') || token.startsWith('/*')) {
      comments.push(commentAt(source, index, at));
    } else if (token === '{') {
      braces.push(false);
      continue;
    } else if (token === '`' || (token === '}' && braces.pop() === true)) {
      at = templateEnd(source, index + 1);
      if (source[at - 1] === '{') braces.push(true);
    } else if (token === '/') {
      REGEXP.lastIndex = index;
      if (!BEFORE_REGEXP.test(code.slice(Math.max(0, index - 20), index).join(''))) continue;
      at = REGEXP.test(source) ? REGEXP.lastIndex : at;
    } else if (token === '}') continue;
    blank(index, at);
  }
}

/** The end of the part of a template that begins here: behind its backtick, or behind its next `${`. */
function templateEnd(source: string, start: number): number {
  const end = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/y;
  end.lastIndex = start;
  return end.test(source) ? end.lastIndex : source.length;
}

function commentAt(source: string, start: number, end: number): Comment {
  const raw = source.slice(start, end);
  const text = raw.startsWith('//') ? raw.slice(2) : raw.slice(2, -2).replaceAll(/^[ \t]*\*+/gm, '');
  return { text: text.replace(/^\*/, ''), line: lineOf(source, start), isDocstring: raw.startsWith('/**'), start, end };
}

/** Joins `//` comments that stand in adjacent lines without code between them. */
function joinLines(comments: readonly Comment[], source: string): readonly Comment[] {
  const joined: Comment[] = [];
  for (const comment of comments) {
    const last = joined.at(-1);
    const between = last === undefined ? '' : source.slice(last.end, comment.start);
    if (last !== undefined && source.startsWith('//', last.start) && /^\n[ \t]*$/.test(between)) {
      joined[joined.length - 1] = { ...last, text: `${last.text}\n${comment.text}`, end: comment.end };
    } else joined.push(comment);
  }
  return joined;
}

/** The line of a position, from 1. */
export function lineOf(source: string, position: number): number {
  return source.slice(0, position).split('\n').length;
}
