import { parse, type DefaultTreeAdapterTypes } from 'parse5';

type Node = DefaultTreeAdapterTypes.Node;
type Element = DefaultTreeAdapterTypes.Element;

const isElement = (node: Node): node is Element => 'tagName' in node;

function elementsOf(node: Node): readonly Element[] {
  const children = 'childNodes' in node ? node.childNodes : [];
  return [...(isElement(node) ? [node] : []), ...children.flatMap(elementsOf)];
}

function textOf(node: Node): string {
  if ('value' in node) return node.value;
  return 'childNodes' in node ? node.childNodes.map(textOf).join('') : '';
}

const attribute = ({ attrs }: Element, name: string): string | undefined =>
  attrs.find((one) => one.name === name)?.value;

/** A row of a page: the text of its link, and its address. */
export interface Row {
  readonly text: string;
  readonly href: string;
}

/** Parses a page as browsers do, and returns the rows of its table, without that of the folder above. */
export function rowsOf(page: string): readonly Row[] {
  const cells = elementsOf(parse(page)).filter((one) => one.tagName === 'td' && attribute(one, 'class') === 'name');
  return cells.map((cell) => {
    const link = elementsOf(cell).find(({ tagName }) => tagName === 'a');
    if (link === undefined) throw new Error('a row without a link');
    return { text: textOf(link).trim(), href: attribute(link, 'href') ?? '' };
  });
}

/** Elements of the pages, and the attributes that each of them has. Names of objects can add none. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  html: ['lang'],
  head: [],
  meta: ['charset', 'name', 'content'],
  link: ['rel', 'href'],
  title: [],
  script: ['type', 'src'],
  style: [],
  body: ['class'],
  header: [],
  nav: ['aria-label', 'class'],
  ol: ['class'],
  li: ['aria-current'],
  a: ['href', 'download', 'aria-label', 'class', 'rel'],
  bdi: [],
  form: ['role'],
  input: ['type', 'name', 'value', 'placeholder', 'aria-label'],
  button: [],
  main: [],
  h1: ['class'],
  h2: ['id'],
  p: ['class'],
  table: [],
  thead: [],
  tbody: [],
  tr: ['class'],
  th: ['scope', 'class', 'aria-sort'],
  td: ['class', 'colspan', 'title'],
  span: ['class'],
  time: ['datetime'],
  section: ['aria-labelledby'],
  pre: [],
  footer: [],
};

/**
 * Returns what a parsed page has beyond the markup of the gateway: elements and attributes that a name has smuggled in,
 * addresses that are not relative to the folder, and characters in a text that turn the text around them.
 */
export function foreignMarkup(page: string): readonly string[] {
  const elements = elementsOf(parse(page));
  return [
    ...elements.flatMap(({ tagName, attrs }) => {
      const known = KNOWN[tagName];
      if (known === undefined) return [`<${tagName}>`];
      return attrs.filter(({ name }) => !known.includes(name)).map(({ name }) => `<${tagName} ${name}>`);
    }),
    ...elements
      .filter((one) => one.tagName === 'script' && !isOwnScript(one))
      .map((one) => `<script src="${attribute(one, 'src')}">${textOf(one)}`),
    ...elements
      .filter(({ tagName }) => tagName === 'a')
      .map((link) => attribute(link, 'href') ?? '')
      .filter((href) => !/^(?:\.{1,2}\/|\?|$)/.test(href)),
    ...elements
      .filter(({ tagName }) => tagName !== 'pre')
      .flatMap((one) =>
        one.childNodes
          .filter((child) => 'value' in child)
          .map(textOf)
          .concat(attribute(one, 'aria-label') ?? ''),
      )
      .flatMap((shown) => shown.match(/[\u202a-\u202e\u2066-\u2069\0]/gu) ?? [])
      .map((character) => JSON.stringify(character)),
  ];
}

/** Whether a script is the gateway's own: without text, and at its address. */
function isOwnScript(one: Element): boolean {
  const source = attribute(one, 'src') ?? '';
  return textOf(one) === '' && /^(?:\.\.\/)*\.rangeway\/assets\/download-[\da-f]{16}\.js$/.test(source);
}

/** Returns the names of a listing, in its order. Folders end with a slash. */
export function namesOf(body: string, format: 'json' | 'html'): readonly string[] {
  if (format === 'html') return rowsOf(body).map(({ href }) => decodeURIComponent(href.replace(/^\.\/|\?.*$/gs, '')));
  const entries: readonly { readonly name: string; readonly type: string }[] = JSON.parse(body);
  return entries.map(({ name, type }) => (type === 'directory' ? `${name}/` : name));
}
