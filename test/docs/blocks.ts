import type { Page } from '../examples/pages.ts';

/** A fenced block of a page. */
export interface Fence {
  /** Relative to the checkout, with the line of the fence: `docs/http.md:12`. */
  readonly place: string;
  /** Empty for a block without a language. */
  readonly language: string;
  readonly text: string;
  /** Where it stands in its page, in characters. */
  readonly index: number;
}

/** A command of a page: a line of a block, or code in a sentence. */
export interface Command {
  readonly place: string;
  readonly text: string;
  readonly isInline: boolean;
  /** The remark behind it in a block for `sh`. */
  readonly remark: string;
  /** The output that the page shows for it. */
  readonly shown: readonly string[];
  readonly index: number;
}

const FENCE = /^```(.*)\n([^]*?)^```$/gm;

/** Reads the fenced blocks of a page. */
export function fencesOf({ path, text }: Page): readonly Fence[] {
  return [...text.matchAll(FENCE)].map(({ 1: language = '', 2: block = '', index }) => ({
    place: `${path}:${lineAt(text, index)}`,
    language,
    text: block,
    index,
  }));
}

/** The programs whose command lines pages show in sentences. */
const INLINE =
  /^(?:[A-Z_]+=\S+ )*(?:npm|npx|rangeway|node|curl|wget|wrangler|cdk|aws|openssl|bash|sh|git|docker|nginx|xargs|kill|nohup|systemctl) .|^-c '?\w+=/;

/** Reads the commands of a page in their order: lines of `sh` and `console` blocks, and code in sentences and tables. */
export function commandsOf(page: Page): readonly Command[] {
  const inFences = fencesOf(page).flatMap((fence) => {
    if (fence.language === 'sh' || fence.language === 'bash') return scriptOf(fence);
    return fence.language === 'console' ? sessionOf(fence) : [];
  });
  return [...inFences, ...inlineCode(page).filter(({ text }) => INLINE.test(text))].toSorted(
    (a, b) => a.index - b.index,
  );
}

/** Reads the code in the sentences of a page. */
export function inlineCode({ path, text }: Page): readonly Command[] {
  const prose = text.replaceAll(FENCE, (block) => block.replaceAll(/[^\n]/g, ' '));
  return [...prose.matchAll(/(?<!`)`([^`\n]+)`(?!`)/g)].map(({ 1: code = '', index }) => ({
    place: `${path}:${lineAt(text, index)}`,
    text: code,
    isInline: true,
    remark: '',
    shown: [],
    index,
  }));
}

/** A block for `sh`: a line that ends in `|` or `\` goes on, a remark stands behind two spaces, a line of `#` is output. */
function scriptOf(fence: Fence): readonly Command[] {
  const commands: Command[] = [];
  for (const { line, index } of joinedLines(fence)) {
    const last = commands.at(-1);
    if (line.startsWith('#')) {
      if (last !== undefined) commands[commands.length - 1] = { ...last, shown: [...last.shown, line.slice(2)] };
      continue;
    }
    const [, text = '', remark = ''] = /^(.*?)(?: +# (.*))?$/s.exec(line) ?? [];
    // `npm ci && npm start` are two commands, of which the first is a job.
    for (const one of text.split(/ && (?=npm )/)) {
      commands.push({ place: placeOf(fence, index), text: one, isInline: false, remark, shown: [], index });
    }
  }
  return commands;
}

/** A block for `console`: `$ command`, and the output below it. */
function sessionOf(fence: Fence): readonly Command[] {
  const commands: Command[] = [];
  for (const { line, index } of joinedLines(fence)) {
    const last = commands.at(-1);
    if (line.startsWith('$ ')) {
      const text = line.slice(2);
      commands.push({ place: placeOf(fence, index), text, isInline: false, remark: '', shown: [], index });
    } else if (last !== undefined) {
      commands[commands.length - 1] = { ...last, shown: [...last.shown, line] };
    }
  }
  return commands;
}

function joinedLines({ text, index: start }: Fence): readonly { readonly line: string; readonly index: number }[] {
  const lines: { line: string; index: number }[] = [];
  let isOpen = false;
  for (const [i, line] of text.split('\n').entries()) {
    const last = lines.at(-1);
    if (isOpen && last !== undefined) last.line += `\n${line}`;
    else if (line !== '') lines.push({ line, index: start + 1 + i });
    isOpen = /[|\\]$/.test(line);
  }
  return lines;
}

/** The line of a command, whose index counts the lines of its fence. */
function placeOf({ place, index: start }: Fence, index: number): string {
  const [, path = '', line = ''] = /^(.*):(\d+)$/.exec(place) ?? [];
  return `${path}:${Number(line) + index - start}`;
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
