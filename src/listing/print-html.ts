import { html, raw } from 'hono/html';
import { printSize, visible } from '../base/page-text.ts';
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
  /** The query of the first page; `undefined` if this is it. */
  readonly firstQuery: string | undefined;
  /** The address of the script that offers resumable downloads; `undefined` if there is none. */
  readonly script: string | undefined;
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
      ${pageHead(title, page.script)}
      <body>
        <header>
          ${breadcrumb(page)}
          <form role="search">
            ${[...new URLSearchParams(query)].map(
              ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
            )}
            <input
              type="search"
              name="search"
              value="${search}"
              placeholder="Names that begin with …"
              aria-label="Names that begin with"
            />
            <button>Search</button>
          </form>
        </header>
        <main>
          <h1 class="hidden">${title}</h1>
          ${entries.length === 0 ? html`<p class="empty">${emptyText(page)}</p>` : table(page)} ${pages(page)}
          ${readmeSection(page)}
        </main>
        <footer>${summary(page)}</footer>
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
    <ol ${root === '' ? raw('class="top"') : ''}>
      ${crumbs}
    </ol>
  </nav>`;
}

function table(page: ListingPage): Html {
  const { folder, entries, query } = page;
  return html`<table>
    <thead>
      <tr>
        ${[column(page, 'name', 'Name'), column(page, 'size', 'Size'), column(page, 'date', 'Modified')]}
        <th scope="col"><span class="hidden">Save</span></th>
      </tr>
    </thead>
    <tbody>
      ${folder === '' ? '' : parentRow(query)} ${entries.map((entry) => row(entry, query))}
    </tbody>
  </table>`;
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
    <td class="up" colspan="4"><a href="${withQuery('../', query)}">../</a></td>
  </tr>`;
}

function row(entry: Entry, query: string): Html {
  const href = withQuery(entry.href, query);
  const link = html`<a href="${href}"><bdi>${visible(entry.name)}</bdi>${entry.type === 'folder' ? '/' : ''}</a>`;
  if (entry.type === 'folder') {
    return html`<tr class="folder">
      <td class="name">${link}</td>
      <td class="size"></td>
      <td class="date"></td>
      <td></td>
    </tr>`;
  }
  const { size, lastModified } = entry.object;
  return html`<tr>
    <td class="name">${link}</td>
    <td class="size" title="${size} bytes">${printSize(size)}</td>
    <td class="date">${lastModified === undefined ? '' : printDate(lastModified)}</td>
    <td class="save"><a href="${href}" download aria-label="Save ${visible(entry.name)}">Save</a></td>
  </tr>`;
}

function pages({ query, search, firstQuery, nextQuery }: ListingPage): Html | '' {
  const links = [
    search === '' ? '' : html`<a class="button" href="${withQuery('./', query)}">All names</a>`,
    firstQuery === undefined ? '' : html`<a class="button" href="${withQuery('./', firstQuery)}">First page</a>`,
    nextQuery === undefined ? '' : html`<a class="button" rel="next" href="?${nextQuery}">Next page</a>`,
  ].filter((link) => link !== '');
  return links.length === 0 ? '' : html`<nav class="pages" aria-label="Pages">${links}</nav>`;
}

function readmeSection({ readme }: ListingPage): Html | '' {
  if (readme === undefined) return '';
  return html`<section aria-labelledby="readme">
    <h2 id="readme">${visible(readme.name)}</h2>
    <pre>${readme.text}</pre>
  </section>`;
}

function emptyText({ search, firstQuery, nextQuery }: ListingPage): string {
  if (firstQuery !== undefined || nextQuery !== undefined) return 'This page has no names.';
  return search === '' ? 'This folder is empty.' : `No name here begins with “${visible(search)}”.`;
}

function summary({ entries, firstQuery, nextQuery }: ListingPage): string {
  if (entries.length === 0) return '';
  const files = entries.filter((entry): entry is FileEntry => entry.type === 'file');
  const bytes = files.reduce((sum, { object }) => sum + object.size, 0);
  const folders = entries.length - files.length;
  const isWhole = firstQuery === undefined && nextQuery === undefined;
  const counts = [
    ...(folders === 0 ? [] : [counted(folders, 'folder')]),
    ...(files.length === 0 ? [] : [counted(files.length, 'file'), printSize(bytes)]),
  ];
  return `${counts.join(', ')}${isWhole ? '' : ' on this page'}.${files.length === 0 ? '' : ' Times are UTC.'}`;
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
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
