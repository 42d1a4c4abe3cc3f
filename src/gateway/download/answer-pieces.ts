import { METALINK_PRINTER, METALINK_TYPE, printMetalink } from '../../digests/metalink.ts';
import { PIECES_TYPE } from '../../digests/piece-index.ts';
import type { FoundIndex, PieceIndexes } from '../../digests/piece-indexes.ts';
import {
  hasParameter,
  strongEqual,
  type DownloadRequest,
  type EntityTag,
  type HeaderList,
  type Preconditions,
  type Representation,
} from '../../http/index.ts';
import { evaluateRead } from '../../store/evaluate-read.ts';
import type { ObjectStore } from '../../store/object-store.ts';
import { openInMemory } from '../../store/open-in-memory.ts';
import type { RequestStats } from '../../store/request-stats.ts';
import { problemReply, type Reply } from '../reply.ts';
import { answerDownload } from './answer-download.ts';
import type { DownloadContext } from './download-context.ts';

/** A document of an object, by the name of its query parameter: the piece index, or the Metalink document. */
export type DigestForm = 'pieces' | 'meta4';

const FORMS: readonly DigestForm[] = ['pieces', 'meta4'];

/**
 * Returns the form that a query asks for.
 *
 * @param query without the question mark
 */
export function digestFormOf(query: string): DigestForm | undefined {
  return FORMS.find((form) => hasParameter(query, form));
}

/** The address of a request: the path as it was sent, the query without the question mark, and the origin. */
export interface DigestAddress {
  readonly origin: string;
  readonly pathname: string;
  readonly query: string;
}

/**
 * Makes the reply with the piece index or the Metalink document of an object. Conditions and ranges are those of the
 * object's version, whose tag it has: the document follows from the version.
 *
 * @param fileName of the downloaded file
 * @returns `undefined` if there is no such object
 * @throws StoreError if a storage can't be read
 */
export async function answerPieces(
  form: DigestForm,
  request: DownloadRequest,
  context: DownloadContext,
  indexes: PieceIndexes,
  stats: RequestStats,
  address: DigestAddress,
  fileName: string,
): Promise<Reply | undefined> {
  const { store, key, signal, requestId } = context;
  const version = await store.head(key, { signal, conditions: request.preconditions });
  if (version === undefined) return undefined;
  const found = await indexes.find(key, version, { stats, signal });
  if (found === undefined) {
    const detail = 'There is no piece index of the current version of this object.';
    return problemReply(404, detail, requestId, request.method, [], 'no-pieces');
  }
  const document =
    form === 'pieces'
      ? documentOf(version, PIECES_TYPE, found.bytes)
      : documentOf({ ...version, etag: metalinkTag(version) }, METALINK_TYPE, metalink(found, address, fileName));
  const pinned = {
    ...request,
    preconditions: withDocumentTag(request.preconditions, version, document.representation),
  };
  const reply = await answerDownload(pinned, { ...context, store: document.store, contentDisposition: undefined });
  // Observers of downloads are told of bytes of the object, which these are not.
  const { content: _, ...rest } = reply;
  return rest;
}

/** The bytes of a Metalink document follow from the version, the address and the printer, so the tag names the last. */
function metalinkTag({ etag }: Representation): EntityTag | undefined {
  return etag === undefined ? undefined : { ...etag, opaque: `${etag.opaque}-meta4.${METALINK_PRINTER}` };
}

/** Lets If-Match name the version of the object, whatever the tag of the document is. */
function withDocumentTag(
  preconditions: Preconditions,
  { etag: versionTag }: Representation,
  { etag }: Representation,
): Preconditions {
  const { ifMatch = '*' } = preconditions;
  if (ifMatch === '*' || versionTag === undefined || etag === undefined) return preconditions;
  return ifMatch.some((tag) => strongEqual(tag, versionTag)) ? { ...preconditions, ifMatch: [etag] } : preconditions;
}

function metalink({ index }: FoundIndex, { origin, pathname, query }: DigestAddress, fileName: string): Uint8Array {
  const rest = query.split('&').filter((part) => part !== '' && !/^(?:meta4|pieces)(?:=|$)/.test(part));
  const search = rest.length === 0 ? '' : `?${rest.join('&')}`;
  return new TextEncoder().encode(printMetalink(index, fileName, `${origin}${pathname}${search}`));
}

/** Makes a store of one document, which has the version's date and freshness. */
function documentOf(
  { etag, lastModified, isDateStrong, cacheControl, expires }: Representation,
  contentType: string,
  bytes: Uint8Array,
): { readonly representation: Representation; readonly store: ObjectStore } {
  const representation = { size: bytes.length, etag, lastModified, isDateStrong, cacheControl, expires, contentType };
  const store: ObjectStore = {
    head: async () => representation,
    async read(_key, options = {}) {
      const evaluation = evaluateRead(representation, options);
      if (evaluation.type !== 'span') return evaluation;
      const { span } = evaluation;
      return openInMemory(representation, span, bytes.subarray(span.start, span.end));
    },
  };
  return { representation, store };
}

/** The type of a reader's own transfers, and of the address that takes its receipts. */
export const TRANSFER_TYPE = 'application/vnd.rangeway.transfer+json';

/** zsync, among others, reads lines of a head of fewer than 512 bytes. */
const MAX_LINE = 511 - 'Link: '.length - '\r\n'.length;

/**
 * Makes the Link field that announces index and Metalink document of an object (RFC 8288, RFC 6249). The query of the
 * request is kept, so that the address of a signed link stays one.
 *
 * If the line would be too long for some clients, its addresses are relative, and the Metalink document is left out.
 */
export function announcement({ pathname, query }: Pick<DigestAddress, 'pathname' | 'query'>): HeaderList {
  const link = (path: string, form: DigestForm, type: string) =>
    `<${path}?${query === '' ? '' : `${query}&`}${form}>; rel="describedby"; type="${type}"`;
  // A path that begins with two slashes would be taken for a host.
  const paths = pathname.startsWith('//') ? [''] : [pathname, ''];
  const lines = [
    ...paths.map((path) => `${link(path, 'pieces', PIECES_TYPE)}, ${link(path, 'meta4', METALINK_TYPE)}`),
    ...paths.map((path) => link(path, 'pieces', PIECES_TYPE)),
  ];
  const line = lines.find(({ length }) => length <= MAX_LINE);
  return line === undefined ? [] : [['Link', line]];
}

/**
 * Makes the Link field with the address of the reader's own transfer (RFC 8288). The query of the request is kept, so
 * that the address has the same rights. It is relative if the line would be too long for some clients.
 *
 * @param others the Link field of the response, to which this one is added
 */
export function transferAnnouncement(
  { pathname, query }: Pick<DigestAddress, 'pathname' | 'query'>,
  others: HeaderList,
): HeaderList {
  const link = (path: string) =>
    `<${path}?${query === '' ? '' : `${query}&`}transfer>; rel="related"; type="${TRANSFER_TYPE}"`;
  const space = others.reduce((left, [, value]) => left - value.length - ', '.length, MAX_LINE);
  const isShort = !pathname.startsWith('//') && link(pathname).length <= space;
  return [['Link', link(isShort ? pathname : '')]];
}
