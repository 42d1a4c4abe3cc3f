/**
 * How a cache in front of the gateway has to treat a request field that can change a response:
 *
 * - `range`: the cache answers ranges from its own copy, so the field is not in the key
 * - `condition`: the cache evaluates it itself, so the field is not in the key
 * - `origins`: in the key, if a mount lists the origins of `cors`
 * - `referers`: in the key, if a mount has the rule `referer`
 * - `credentials`: not in the key, because the response is private and not stored
 * - `client`: the client's address as a proxy reports it; not in the key, for the same reason
 * - `preflight`: only in requests with OPTIONS, which caches do not store
 * - `pages`: decides between the page and the JSON of a folder; in the key if a mount lists folders as pages, best as one
 *   of these two words (`format`), because browsers send many values
 * - `format`: made from Accept in front of the gateway, for the key of a cache alone
 * - `digest`: a preference between digests; not in the key, because each of them is right for every client
 * - `redirect`: only in the address of a redirect, which is not stored
 * - `host`: selects the mount; in the key, if a mount has a host
 * - `trace`: only repeated in X-Request-Id
 * - `observed`: changes no response that is stored; it tells readers apart that have one address
 */
export type FieldUse =
  | 'range'
  | 'condition'
  | 'origins'
  | 'referers'
  | 'credentials'
  | 'client'
  | 'preflight'
  | 'digest'
  | 'pages'
  | 'format'
  | 'redirect'
  | 'host'
  | 'trace'
  | 'observed';

/**
 * All request fields that can change a response. A handler can read no other ({@link Fields}), and caches in front are
 * configured from this list.
 */
export const ANSWER_FIELDS = {
  Range: 'range',
  'If-Range': 'range',
  'If-Match': 'condition',
  'If-None-Match': 'condition',
  'If-Modified-Since': 'condition',
  'If-Unmodified-Since': 'condition',
  Origin: 'origins',
  Referer: 'referers',
  'Want-Repr-Digest': 'digest',
  'Want-Digest': 'digest',
  Accept: 'pages',
  'X-Rangeway-Format': 'format',
  Authorization: 'credentials',
  'CF-Connecting-IP': 'client',
  'CloudFront-Viewer-Address': 'client',
  'X-Forwarded-For': 'client',
  'X-Rangeway-Viewer': 'client',
  'Access-Control-Request-Method': 'preflight',
  Host: 'host',
  'X-Rangeway-Host': 'redirect',
  'X-Request-Id': 'trace',
  traceparent: 'trace',
  'User-Agent': 'observed',
  'Last-Event-ID': 'observed',
} as const satisfies Readonly<Record<string, FieldUse>>;

/** The name of a request field that can change a response. */
export type AnswerField = keyof typeof ANSWER_FIELDS;

/**
 * All query parameters that can change a response, and the mounts for which they do: `every` mount, those that are
 * `listed` (setting `listing`), those with `pieces`, those whose transfers are `tracked`, those with the rule `signed`,
 * or those with both, whose links can have a `quota`. Without transfers, a link with a quota is refused, as is one with
 * any other parameter that begins with `rgw-`: these responses are errors and are not stored.
 */
export const ANSWER_PARAMETERS = {
  download: 'every',
  format: 'listed',
  sort: 'listed',
  order: 'listed',
  search: 'listed',
  cursor: 'listed',
  limit: 'listed',
  pieces: 'pieces',
  meta4: 'pieces',
  transfer: 'tracked',
  'rgw-kid': 'signed',
  'rgw-exp': 'signed',
  'rgw-nbf': 'signed',
  'rgw-prefix': 'signed',
  'rgw-ip': 'signed',
  'rgw-id': 'signed',
  'rgw-name': 'signed',
  'rgw-rate': 'signed',
  'rgw-downloads': 'quota',
  'rgw-bytes': 'quota',
  'rgw-connections': 'quota',
  'rgw-sig': 'signed',
} as const satisfies Readonly<Record<string, 'every' | 'listed' | 'pieces' | 'tracked' | 'signed' | 'quota'>>;

/** The name of a query parameter that can change a response. */
export type AnswerParameter = keyof typeof ANSWER_PARAMETERS;

/** Prefix of the names of link parameters. */
export const LINK_PREFIX = 'rgw-';

/**
 * Whether a query has a parameter, with any value. The length of the address is checked before, because Node takes 2 s
 * to parse a query of 1 MB.
 *
 * @param query as it was sent, without the question mark
 */
export function hasParameter(query: string, name: AnswerParameter): boolean {
  return query !== '' && parseQuery(query).has(name);
}

/**
 * Returns the parameters of a query that belong to a link, known or not, with decoded values and in their order.
 *
 * @param query as it was sent, without the question mark
 */
export function linkParameters(query: string): readonly (readonly [name: string, value: string])[] {
  return [...parseQuery(query)].filter(([name]) => name.startsWith(LINK_PREFIX));
}

/**
 * Returns the part of a query that a response may repeat in addresses that it contains. A shared cache gives a public
 * response to clients with other queries, so it repeats nothing but `download`, which is in the key.
 *
 * @param query as it was sent, without the question mark
 */
export function repeatableQuery(query: string, isPrivate: boolean): string {
  if (isPrivate) return query;
  return hasParameter(query, 'download') ? 'download' : '';
}

/** A query, of which only the parameters that can change a response can be read. */
export interface AnswerQuery {
  get(name: AnswerParameter): string | null;
}

/**
 * Parses a query.
 *
 * @param query as it was sent, without the question mark
 */
export function answerQuery(query: string): AnswerQuery {
  return parseQuery(query);
}

/** URLSearchParams removes a question mark at the start. The `&` prevents this if it is part of the query. */
function parseQuery(query: string): URLSearchParams {
  return new URLSearchParams(`&${query}`);
}

/** The settings of all mounts behind a cache, as far as its key depends on them. Each is `false` by default. */
export interface CachedMounts {
  /** Whether a mount has the rule `signed`. */
  readonly hasLinks?: boolean;
  /** Whether a mount lists its folders, and whether it does so as pages. */
  readonly hasListings?: boolean;
  readonly hasPages?: boolean;
  /** Whether a mount has piece indexes. */
  readonly hasPieces?: boolean;
  /** Whether the gateway keeps transfers. */
  readonly hasTransfers?: boolean;
  /** Whether `cors.origins` of a mount is a list. */
  readonly listsOrigins?: boolean;
  /** Whether a mount has the rule `referer`. */
  readonly listsReferers?: boolean;
  /** Whether a mount has a `host`. */
  readonly hasHosts?: boolean;
}

/** The parts of a request, beside method and path, that have to be in the key of a cache in front of the gateway. */
export interface AnswerKey {
  readonly parameters: readonly AnswerParameter[];
  readonly fields: readonly AnswerField[];
}

/**
 * Selects the parts of a request on which the stored responses of some mounts depend. A cache that ignores Vary needs
 * exactly these in its key.
 */
export function answerKey(mounts: CachedMounts = {}): AnswerKey {
  const { hasLinks = false, hasListings = false, hasPages = false, hasPieces = false, hasTransfers = false } = mounts;
  const uses = {
    every: true,
    listed: hasListings,
    pieces: hasPieces,
    tracked: hasTransfers,
    signed: hasLinks,
    quota: hasLinks && hasTransfers,
  };
  const { listsOrigins = false, listsReferers = false, hasHosts = false } = mounts;
  return {
    parameters: PARAMETER_NAMES.filter((name) => uses[ANSWER_PARAMETERS[name]]),
    fields: FIELD_NAMES.filter((name) => {
      switch (ANSWER_FIELDS[name]) {
        case 'origins':
          return listsOrigins;
        case 'referers':
          return listsReferers;
        case 'host':
          return hasHosts;
        case 'pages':
          return hasPages;
        case 'range':
        case 'condition':
        case 'credentials':
        case 'client':
        case 'preflight':
        case 'format':
        case 'digest':
        case 'redirect':
        case 'trace':
        case 'observed':
          return false;
      }
    }),
  };
}

const PARAMETER_NAMES = namesOf(ANSWER_PARAMETERS);
const FIELD_NAMES = namesOf(ANSWER_FIELDS);

function namesOf<Name extends string>(table: Readonly<Record<Name, string>>): readonly Name[] {
  const isName = (name: string): name is Name => Object.hasOwn(table, name);
  return Object.keys(table).filter(isName);
}

/**
 * Returns the URL under which a cache of your own keeps the response: without the parameters that change nothing, and
 * with the others in one order. Requests for which the answers differ by a field need that field in the key too.
 *
 * @param url of the request
 * @param key of the mounts; by default that of public ones
 * @example
 * import { answerUrl } from 'rangeway';
 *
 * console.log(answerUrl('https://files.example.com/a.bin?utm_source=x&download').href);
 * // https://files.example.com/a.bin?download=
 */
export function answerUrl(url: string | URL, { parameters }: Pick<AnswerKey, 'parameters'> = PUBLIC_KEY): URL {
  const address = new URL(url);
  const query = parseQuery(address.search.slice(1));
  const kept = parameters.flatMap((name) => query.getAll(name).map((value): [string, string] => [name, value]));
  address.search = new URLSearchParams(kept).toString();
  address.hash = '';
  return address;
}

const PUBLIC_KEY = answerKey();
