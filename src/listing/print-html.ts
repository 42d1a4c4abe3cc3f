import { html, raw } from 'hono/html';
import type { Entry, FileEntry } from './entries.ts';
import type { ListOrder } from './listing-query.ts';
import { pageHead } from './page-head.ts';

/** The values of a page that lists a folder. */
export interface ListingPage {
  /** The decoded key of the folder, empty or with a slash at its end. */
  readonly folder: string;
  /** The name of the top folder: the path of the mount. */
  readonly root: string;
  readonly entries: readonly Entry[];
  readonly order: ListOrder;
  readonly search: string;
  /** The query that links of this folder need, without a question mark; empty if they need none. */
  readonly query: string;
  /** The query of the next page; `undefined` if this is the last one. */
  readonly nextQuery: string | undefined;
  /** The text of the folder's README, with its name. */
  readonly readme: { readonly name: string; readonly text: string } | undefined;
}

type Html = ReturnType<typeof html>;

/**
 * Prints the page of a folder. It works without script, and its addresses are relative, so that a proxy may add or
 * remove a part of the path.
 */
export async function printHtml(page: ListingPage): Promise<string> {
  const { folder, root, entries, search, query } = page;
  const title = visible(`${root.replace(/\/$/, '')}/${folder}`);
  const document = html`<!doctype html>
    <html lang="en">
      ${pageHead(title)}
      <body>
        <header>
          ${breadcrumb(page)}
          <form role="search">
            ${[...new URLSearchParams(query)].map(
              ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
            )}
            <input type="search" name="search" value="${search}" aria-label="Names that begin with" />
            <button>Find</button>
          </form>
        </header>
        <main>
          <h1 class="hidden">${title}</h1>
          <table>
            <thead>
              <tr>
                ${[column(page, 'name', 'Name'), column(page, 'size', 'Size'), column(page, 'date', 'Modified')]}
                <th scope="col"><span class="hidden">Save</span></th>
              </tr>
            </thead>
            <tbody>
              ${folder === '' ? '' : parentRow(query)} ${entries.map((entry) => row(entry, query))}
            </tbody>
          </table>
          ${entries.length === 0 ? html`<p>${emptyText(search)}</p>` : ''} ${pages(page)} ${readmeSection(page)}
        </main>
        <footer>${summary(entries)}</footer>
      </body>
    </html>`;
  return compact(String(await document));
}

/** Removes the indentation of the templates. The text of a README, which is escaped, stays as it is. */
function compact(document: string): string {
  const parts = document.split(/(<pre>[^<]*<\/pre>)/);
  return parts.map((part, i) => (i % 2 === 1 ? part : part.replaceAll(/\n\s*/g, ' '))).join('');
}

function breadcrumb({ folder, root, query }: ListingPage): Html {
  const names = folder.split('/').slice(0, -1);
  const crumbs = [root === '' ? '/' : root, ...names].map((name, i) => {
    const depth = names.length - i;
    if (depth === 0) return html`<li aria-current="page"><bdi>${visible(name)}</bdi></li>`;
    return html`<li>
      <a href="${withQuery('../'.repeat(depth), query)}"><bdi>${visible(name)}</bdi></a>
    </li>`;
  });
  return html`<nav aria-label="Folders">
    <ol>
      ${crumbs}
    </ol>
  </nav>`;
}

function column({ order, search, query }: ListingPage, sort: ListOrder['sort'], label: string): Html {
  const isCurrent = order.sort === sort;
  const isDescending = isCurrent && !order.isDescending;
  const href = withQuery('', joinQuery(query, { sort, order: isDescending ? 'desc' : 'asc', search }));
  const state = order.isDescending ? 'descending' : 'ascending';
  const current = isCurrent ? raw(` aria-sort="${state}"`) : '';
  return html`<th scope="col" class="${sort}" ${current}><a href="${href}">${label}</a></th>`;
}

function parentRow(query: string): Html {
  return html`<tr>
    <td colspan="4"><a href="${withQuery('../', query)}">../</a></td>
  </tr>`;
}

function row(entry: Entry, query: string): Html {
  const href = withQuery(entry.href, query);
  const link = html`<a href="${href}"><bdi>${visible(entry.name)}</bdi>${entry.type === 'folder' ? '/' : ''}</a>`;
  if (entry.type === 'folder') {
    return html`<tr>
      <td class="name">${link}</td>
      <td></td>
      <td></td>
      <td></td>
    </tr>`;
  }
  const { size, lastModified } = entry.object;
  return html`<tr>
    <td class="name">${link}</td>
    <td class="size" title="${size} bytes">${printSize(size)}</td>
    <td class="date">${lastModified === undefined ? '' : printDate(lastModified)}</td>
    <td><a href="${href}" download aria-label="Save ${visible(entry.name)}">Save</a></td>
  </tr>`;
}

function pages({ nextQuery }: ListingPage): Html | '' {
  if (nextQuery === undefined) return '';
  return html`<nav aria-label="Pages"><a rel="next" href="?${nextQuery}">Next page</a></nav>`;
}

function readmeSection({ readme }: ListingPage): Html | '' {
  if (readme === undefined) return '';
  return html`<section aria-labelledby="readme">
    <h2 id="readme">${visible(readme.name)}</h2>
    <pre>${readme.text}</pre>
  </section>`;
}

function emptyText(search: string): string {
  return search === '' ? 'This folder is empty.' : `No name here begins with “${visible(search)}”.`;
}

function summary(entries: readonly Entry[]): string {
  const files = entries.filter((entry): entry is FileEntry => entry.type === 'file');
  const bytes = files.reduce((sum, { object }) => sum + object.size, 0);
  const folders = entries.length - files.length;
  return [counted(folders, 'folder'), `${counted(files.length, 'file')}, ${printSize(bytes)}`].join(', ');
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function printSize(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(4, Math.floor(Math.log2(bytes) / 10));
  const unit = ['B', 'KiB', 'MiB', 'GiB', 'TiB'][power];
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)} ${unit}`;
}

function printDate(date: Date): Html {
  const iso = date.toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace('T', ' ')}</time>`;
}

/** Adds parameters to a query. Those that are empty are left out. */
export function joinQuery(query: string, parameters: Readonly<Record<string, string>>): string {
  const present = Object.entries(parameters).filter(([, value]) => value !== '');
  return [query, new URLSearchParams(present).toString()].filter((part) => part !== '').join('&');
}

function withQuery(href: string, query: string): string {
  return query === '' ? href : `${href}?${query}`;
}

/**
 * Makes characters visible that have no picture and that could change how the text around them is read: control
 * characters, and those that set the direction of writing.
 */
function visible(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu,
    (character) => `‹U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}›`,
  );
}
