import { entriesOf, isServable } from '../../listing/entries.ts';
import { parseCursor, printCursor } from '../../listing/cursor.ts';
import { listEntries } from '../../listing/list-entries.ts';
import { LISTING_PARAMETERS, parseListingQuery, type ListingQuery } from '../../listing/listing-query.ts';
import { joinQuery, printHtml } from '../../listing/print-html.ts';
import { printJson } from '../../listing/print-json.ts';
import { PAGE_POLICY, SCRIPT_POLICY } from '../../listing/style.ts';
import {
  answerQuery,
  qualityOf,
  repeatableQuery,
  type DownloadRequest,
  type Fields,
  type HeaderList,
} from '../../http/index.ts';
import { MAX_LISTED, type ListPage } from '../../store/listable-store.ts';
import { answerDownload } from '../download/answer-download.ts';
import type { DownloadContext } from '../download/download-context.ts';
import { singleObject } from '../download/single-object.ts';
import { keyLengthError, type MatchedMount, type Mount } from '../match-mount.ts';
import { PAGE_SCRIPT_PATH } from '../page-script.ts';
import { emptyReply, problemReply, type Reply } from '../reply.ts';

/** A request for a path without an object. */
export interface FolderRequest {
  readonly match: MatchedMount;
  /** The preconditions of the request. */
  readonly request: DownloadRequest;
  readonly fields: Fields;
  readonly context: DownloadContext;
}

/** Answers requests for folders, as {@link listing} makes it; `undefined` if there is no such folder. */
export type FolderHandler = (request: FolderRequest) => Promise<Reply | undefined>;

/** Options of {@link listing}. */
export interface ListingOptions {
  /**
   * Whether pages load the script that offers resumable downloads. Then `pageAssets()` has to serve it, below the route
   * that the paths of mounts are relative to. By default false.
   */
  readonly hasScript?: boolean;
}

/** The longest README that is shown, in bytes. */
const MAX_README = 64 * 1024;

/**
 * Lists the folders of mounts with the setting `listing`, as a page or as JSON. A path that ends in a slash is a folder;
 * a path without one that has keys below it is redirected to the path with it. A page costs one storage operation (with
 * the setting `listingLimit`, one for each 1,000 entries), and one more if it shows a README.
 *
 * @returns an option of `download()`
 * @example
 * import { Hono } from 'hono';
 * import { authorize, download, listing, memoryStore, mount, requestId } from 'rangeway';
 *
 * const app = new Hono();
 * app.use('/files/*', requestId(), mount({ store: memoryStore(), listing: 'html' }), authorize());
 * app.get('/files/*', download({ folders: listing() }));
 */
export function listing({ hasScript = false }: ListingOptions = {}): FolderHandler {
  return async (folderRequest) => {
    const { match, request, context } = folderRequest;
    const { mount, folder } = match;
    if (mount.list === undefined || mount.settings.listing === false) return undefined;
    if (folder === undefined) return redirectToFolder(match, mount.list, context);
    if (!isServable(folder) || keyLengthError(mount.prefix + folder) !== undefined) return undefined;
    const query = parseListingQuery(answerQuery(match.query), pageSizeOf(mount));
    const invalid = (detail: string) => problemReply(400, detail, context.requestId, request.method);
    if ('type' in query) return invalid(query.detail);
    if (query.format === 'html' && mount.settings.listing === 'json') return invalid('In the query, format is json.');
    // Names the listing that a cursor belongs to. No host has a slash.
    const name = `${mount.host ?? ''}${mount.path}/${folder}/${query.search}`;
    const cursor = query.cursor === undefined ? undefined : await parseCursor(query.cursor, name);
    if (query.cursor !== undefined && cursor === undefined) return invalid('The cursor is not one of this folder.');
    const { signal } = context;
    const { limit } = query;
    const page = await listEntries(mount.list, folder + query.search, { delimiter: '/', cursor, limit, signal });
    if (folder !== '' && query.search === '' && isMissing(page, query)) return undefined;
    const nextCursor = page.cursor === undefined ? undefined : await printCursor(page.cursor, name);
    return pageReply(
      folderRequest,
      folder,
      query,
      page,
      nextCursor,
      hasScript ? scriptAddress(match, folder) : undefined,
    );
  };
}

/** The address of the script, relative to the page, because a proxy may have removed a part of the path. */
function scriptAddress({ mount, pathname }: MatchedMount, folder: string): string | undefined {
  // Browsers see one segment where an encoded slash is, and the key has two.
  if (/%2f/i.test(pathname)) return undefined;
  return `${'../'.repeat(`${mount.path}/${folder}`.split('/').length - 2)}.rangeway/${PAGE_SCRIPT_PATH}`;
}

function pageSizeOf({ settings: { listingLimit = MAX_LISTED } }: Mount): number {
  return listingLimit;
}

function isMissing({ objects, prefixes, cursor, isFolder = false }: ListPage, query: ListingQuery): boolean {
  return query.cursor === undefined && cursor === undefined && objects.length + prefixes.length === 0 && !isFolder;
}

async function redirectToFolder(
  match: MatchedMount,
  list: NonNullable<MatchedMount['mount']['list']>,
  { signal, isPrivate }: DownloadContext,
): Promise<Reply | undefined> {
  const folder = `${match.key}/`;
  if (!isServable(folder) || keyLengthError(match.mount.prefix + folder) !== undefined) return undefined;
  const { objects, prefixes, isFolder = false } = await list(folder, { delimiter: '/', limit: 1, signal });
  return objects.length + prefixes.length > 0 || isFolder ? folderRedirect(match, isPrivate) : undefined;
}

/**
 * Redirects a folder without its slash, so that the relative addresses of its page are resolved in the folder. The
 * address is relative to the folder above, because a proxy in front may have removed a part of the path, and because a
 * path that begins with two slashes would be taken for a host.
 */
export function folderRedirect({ pathname, query }: MatchedMount, isPrivate: boolean): Reply {
  const folder = `./${pathname.slice(pathname.lastIndexOf('/') + 1)}/`;
  return emptyReply(308, [
    ['Location', query === '' ? folder : `${folder}?${query}`],
    ['Cache-Control', isPrivate ? 'private, no-cache' : 'no-cache'],
  ]);
}

async function pageReply(
  { match: { mount, query: written }, request, fields, context }: FolderRequest,
  folder: string,
  query: ListingQuery,
  page: ListPage,
  nextCursor: string | undefined,
  script: string | undefined,
): Promise<Reply> {
  const isJson = mount.settings.listing === 'json' || (query.format ?? formatFor(fields)) === 'json';
  const entries = entriesOf(page, folder, query);
  const kept = keptQuery(repeatableQuery(written, context.isPrivate));
  const parameters = shown(query, pageSizeOf(mount));
  const nextQuery = nextCursor === undefined ? undefined : joinQuery(kept, { ...parameters, cursor: nextCursor });
  const text = isJson
    ? printJson(entries)
    : await printHtml({
        folder,
        root: mount.path,
        entries,
        order: query,
        search: query.search,
        query: kept,
        nextQuery,
        script,
        firstQuery: query.cursor === undefined ? undefined : joinQuery(kept, parameters),
        readme: query.cursor === undefined && query.search === '' ? await readReadme(page, folder, context) : undefined,
      });
  const contentType = isJson ? 'application/json' : 'text/html; charset=utf-8';
  const store = await singleObject(text, contentType);
  // A page is no object: observers count no bytes of one.
  const { content: _, ...reply } = await answerDownload(request, {
    ...context,
    store,
    sizeLimit: undefined,
    contentDisposition: undefined,
  });
  const added: HeaderList = [
    ...(mount.settings.listing === 'html' && query.format === undefined ? [['Vary', 'Accept'] as const] : []),
    ...(nextQuery === undefined ? [] : [['Link', `<?${nextQuery}>; rel="next"`] as const]),
    ...(isJson ? [] : [['Content-Security-Policy', script === undefined ? PAGE_POLICY : SCRIPT_POLICY] as const]),
  ];
  return { ...reply, fields: [...reply.fields, ...added] };
}

function formatFor(fields: Fields): 'html' | 'json' {
  const accept = fields.get('Accept');
  return qualityOf(accept, 'application/json') > qualityOf(accept, 'text/html') ? 'json' : 'html';
}

/** The parameters of the query that links of the folder need, such as those of a signed prefix. */
function keptQuery(query: string): string {
  const parameters = [...new URLSearchParams(`&${query}`)].filter(
    ([name]) => !LISTING_PARAMETERS.has(name) && name !== 'download',
  );
  return new URLSearchParams(parameters).toString();
}

/** The parameters of this listing that the next page has too. Defaults are empty. */
function shown(
  { format, sort, isDescending, search, limit }: ListingQuery,
  pageSize: number,
): Readonly<Record<string, string>> {
  return {
    format: format ?? '',
    sort: sort === 'name' ? '' : sort,
    order: isDescending ? 'desc' : '',
    search,
    limit: limit === pageSize ? '' : String(limit),
  };
}

/** Reads the README of a folder. A README that can't be read does not hold up the page. */
async function readReadme({ objects }: ListPage, folder: string, { store, signal }: DownloadContext) {
  const object = objects.find(
    ({ key, size }) => /^readme(?:\.md|\.txt)?$/i.test(key.slice(folder.length)) && size <= MAX_README,
  );
  if (object === undefined) return undefined;
  try {
    const result = await store.read(object.key, { signal });
    if (result.type !== 'open') return undefined;
    if (result.representation.size > MAX_README || result.representation.contentEncoding !== undefined) {
      await result.body.cancel();
      return undefined;
    }
    return { name: object.key.slice(folder.length), text: await new Response(result.body).text() };
  } catch {
    return undefined;
  }
}
