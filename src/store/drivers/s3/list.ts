import { parseStoredTag } from '../../../http/index.ts';
import type { ListEntry, ListOptions, ListPage } from '../../listable-store.ts';
import { MAX_LISTED } from '../../listable-store.ts';
import { storeError } from '../../store-error.ts';
import type { S3Request, S3Response } from './reads.ts';

/** The longest document, in bytes: 1,000 keys of 1,024 bytes, each byte encoded, and twice the rest. */
const MAX_DOCUMENT = 8 * 1024 * 1024;

/** Makes the query of ListObjectsV2. Encoded keys may have any character; XML has none for control characters. */
export function listQuery(prefix: string, { delimiter, cursor, limit }: ListOptions): S3Request['query'] {
  return {
    'list-type': '2',
    'encoding-type': 'url',
    'max-keys': String(limit ?? MAX_LISTED),
    ...(prefix === '' ? {} : { prefix }),
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(cursor === undefined ? {} : { 'continuation-token': cursor }),
  };
}

/**
 * Reads the response of ListObjectsV2. Its elements are flat, so an XML parser is not needed; workerd has none, and the
 * SDK fails there.
 *
 * @param prefix of the store, removed from all keys
 * @throws StoreError `invalid-response` if the document is not a whole listing
 */
export async function readListing({ body }: S3Response, prefix: string): Promise<ListPage> {
  const text = body === undefined ? '' : await readText(body);
  if (!/<ListBucketResult[\s>]/.test(text) || !text.trimEnd().endsWith('</ListBucketResult>')) throw invalidListing();
  const decode = valueOf(text, 'EncodingType') === 'url' ? decodeName : (name: string) => name;
  const toKey = (name: string): string => {
    const key = decode(name);
    if (!key.startsWith(prefix)) throw invalidListing();
    return key.slice(prefix.length);
  };
  const isTruncated = valueOf(text, 'IsTruncated') === 'true';
  const cursor = valueOf(text, 'NextContinuationToken');
  if (isTruncated && cursor === undefined) throw invalidListing();
  return {
    objects: elementsOf(text, 'Contents').map((element) => toObject(element, toKey)),
    prefixes: elementsOf(text, 'CommonPrefixes').flatMap((element) =>
      elementsOf(element, 'Prefix').map((name) => toKey(unescape(name))),
    ),
    cursor: isTruncated ? cursor : undefined,
  };
}

function toObject(element: string, toKey: (name: string) => string): ListEntry {
  const size = valueOf(element, 'Size') ?? '';
  const key = valueOf(element, 'Key');
  const etag = valueOf(element, 'ETag');
  const time = Date.parse(valueOf(element, 'LastModified') ?? '');
  if (key === undefined || !/^\d{1,16}$/.test(size)) throw invalidListing();
  return {
    key: toKey(key),
    size: Number(size),
    etag: etag === undefined ? undefined : parseStoredTag(etag),
    lastModified: Number.isNaN(time) ? undefined : new Date(time),
  };
}

/** Returns the contents of all elements of a name that has no elements of the same name inside. */
function elementsOf(text: string, name: string): readonly string[] {
  return [...text.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, 'gs'))].map(([, content = '']) => content);
}

function valueOf(text: string, name: string): string | undefined {
  const value = new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1];
  return value === undefined ? undefined : unescape(value);
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Replaces the character references of XML 1.0 (§4.1). */
function unescape(text: string): string {
  return text.replaceAll(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{2,4}));/gi, (all, decimal, hex, name) => {
    if (typeof name === 'string') return ENTITIES[name] ?? all;
    const code = decimal === undefined ? Number.parseInt(String(hex), 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}

/** S3 encodes a space as a plus sign, other storages as %20; a plus sign itself is %2B everywhere. */
function decodeName(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    throw invalidListing();
  }
}

async function readText(body: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_DOCUMENT) throw invalidListing();
  }
  return text + decoder.decode();
}

function invalidListing(): Error {
  return storeError('invalid-response', 'S3 answered a listing with another document');
}
