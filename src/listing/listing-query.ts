import type { AnswerParameter, AnswerQuery } from '../http/index.ts';
import { MAX_LISTED } from '../store/listable-store.ts';

/** The order of a listing. Folders come first in each of them. */
export interface ListOrder {
  readonly sort: 'name' | 'size' | 'date';
  readonly isDescending: boolean;
}

/** The query of a listing. */
export interface ListingQuery extends ListOrder {
  /** `undefined` if the Accept field decides. */
  readonly format: 'html' | 'json' | undefined;
  /** Names begin with it; may be empty. */
  readonly search: string;
  /** The token of a page, as {@link printCursor} made it; `undefined` for the first page. */
  readonly cursor: string | undefined;
  /** Entries of a page at most. */
  readonly limit: number;
}

/** A query that can't be answered. */
export interface InvalidListingQuery {
  readonly type: 'invalid';
  /** A sentence for the client. */
  readonly detail: string;
}

/** Parameters of a listing. All others belong to links of the folder, and are kept. */
export const LISTING_PARAMETERS: ReadonlySet<string> = new Set<AnswerParameter>([
  'format',
  'sort',
  'order',
  'search',
  'cursor',
  'limit',
]);

/** The longest name to search for: that of a key, in characters. */
const MAX_SEARCH = 1_024;

/**
 * Reads the query of a listing. Of a parameter that is given twice, the first one counts.
 *
 * @param pageSize entries of a page if the query has no limit; a query may ask for as many, and for 1,000 in any case
 */
export function parseListingQuery(query: AnswerQuery, pageSize: number): ListingQuery | InvalidListingQuery {
  const format = query.get('format') ?? undefined;
  const sort = query.get('sort') ?? 'name';
  const order = query.get('order') ?? 'asc';
  const search = query.get('search') ?? '';
  const limit = query.get('limit') ?? String(pageSize);
  const maxLimit = Math.max(pageSize, MAX_LISTED);
  if (format !== undefined && format !== 'html' && format !== 'json') return invalid('format is html or json.');
  if (sort !== 'name' && sort !== 'size' && sort !== 'date') return invalid('sort is name, size or date.');
  if (order !== 'asc' && order !== 'desc') return invalid('order is asc or desc.');
  if (!/^\d{1,5}$/.test(limit) || Number(limit) < 1 || Number(limit) > maxLimit)
    return invalid(`limit is a number from 1 to ${maxLimit}.`);
  if (search.length > MAX_SEARCH || search.includes('/') || search.includes('\0'))
    return invalid('search is the beginning of a name, without a slash.');
  const isDescending = order === 'desc';
  return { format, sort, isDescending, search, cursor: query.get('cursor') ?? undefined, limit: Number(limit) };
}

function invalid(detail: string): InvalidListingQuery {
  return { type: 'invalid', detail: `In the query, ${detail}` };
}
