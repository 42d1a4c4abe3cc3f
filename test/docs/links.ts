import type { Page } from '../examples/pages.ts';

/** A link of a page. */
export interface Link {
  /** The page with the line of the link: `docs/http.md:12`. */
  readonly place: string;
  /** As it is written, such as `caching.md#purge`. */
  readonly target: string;
}

/** `[text](target)`, `![alt](target)`, `<target>`, `[name]: target`, and the attributes of HTML. */
const LINKS = [
  /\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g,
  /<(https?:[^>\s]+)>/g,
  /^\s*\[[^\]]+\]:\s*(\S+)/gm,
  /<(?:a|img|source)\b[^>]*?\b(?:href|src|srcset)="([^"]+)"/g,
];

/** Lists the links of a page, those in code left out. */
export function linksOf({ path, text }: Page): readonly Link[] {
  const prose = withoutCode(text);
  return LINKS.flatMap((pattern) =>
    [...prose.matchAll(pattern)].map(({ 1: target = '', index }) => ({
      place: `${path}:${prose.slice(0, index).split('\n').length}`,
      target,
    })),
  );
}

/** Lists the anchors of a page as GitHub makes them: of headings that are equal, the second one ends in `-1`. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const counts = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutFences(text).matchAll(/^#{1,6} (.*)$/gm)) {
    const anchor = heading
      .replaceAll(/\]\([^)]*\)/g, '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-');
    const count = counts.get(anchor) ?? 0;
    counts.set(anchor, count + 1);
    anchors.add(count === 0 ? anchor : `${anchor}-${count}`);
  }
  for (const [, id = ''] of text.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id);
  return anchors;
}

/**
 * Says why an external link has a wrong form. It is not opened.
 *
 * @returns `undefined` if the form is right
 */
export function externalFault(target: string): string | undefined {
  if (!URL.canParse(target)) return 'it is no URL';
  const { protocol, hostname, username } = new URL(target);
  if (protocol === 'mailto:') return undefined;
  if (protocol !== 'https:') return 'it does not begin with https:';
  if (!hostname.includes('.') || /^[\d.]+$|\.$|(?:^|\.)localhost$/.test(hostname)) return 'its host is not public';
  if (username !== '') return 'it has a user name';
  return /[.,;:!'"]$/.test(target) ? 'it ends in a punctuation mark' : undefined;
}

function withoutFences(text: string): string {
  return text.replaceAll(/^( *)(```+|~~~+)[^\n]*\n[^]*?^\1\2 *$/gm, (block) => block.replaceAll(/[^\n]/g, ' '));
}

function withoutCode(text: string): string {
  return withoutFences(text).replaceAll(/(`+)(?!`)[^]*?[^`]\1(?!`)/g, (code) => code.replaceAll(/[^\n]/g, ' '));
}
