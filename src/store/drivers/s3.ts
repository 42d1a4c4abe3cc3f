import { GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import {
  parseContentRange,
  printEntityTag,
  printRange,
  type EntityTagList,
  type Preconditions,
  type Representation,
  type Seconds,
} from '../../http/index.ts';
import type { CallOptions, ObjectStore, ReadOptions, ReadResult } from '../object-store.ts';
import { withheld } from '../select.ts';
import { storeError } from '../store-error.ts';
import { countOperation } from '../tally.ts';
import { toWebStream, type S3Body } from './s3-body.ts';
import { toBodiless, toStoreError } from './s3-error.ts';
import { toMetadata, type S3Head } from './s3-metadata.ts';

/** Where a store's objects are. */
export interface S3Location {
  readonly bucket: string;
  /** Put before every key, as it is: `releases/` serves what is below it. */
  readonly prefix?: string;
  /**
   * What a 403 for an object means. S3 says it for a missing object too, where the credentials may not list the
   * bucket: `missing` then answers 404. By default it is `denied`, a failure of ours.
   */
  readonly forbidden?: 'missing' | 'denied';
}

/** S3's limit for keys, in bytes of UTF-8. */
const MAX_KEY_BYTES = 1024;

/**
 * Makes a store over an S3 API. One request of the API for one call here. The client's own settings decide region,
 * endpoint, credentials, timeouts and attempts; a gateway's client never adds a header to what is sent.
 */
export function s3Store(client: S3Client, { bucket, prefix = '', forbidden = 'denied' }: S3Location): ObjectStore {
  const locate = (key: string) => ({ Bucket: bucket, Key: prefix + key });

  async function head(key: string, options: CallOptions = {}): Promise<Representation | undefined> {
    if (!isPossibleKey(key)) return undefined;
    countOperation(options);
    try {
      const output = await client.send(new HeadObjectCommand(locate(key)), abortable(options));
      return toRepresentation(output, output.ContentLength);
    } catch (error) {
      if (toBodiless(error, forbidden)?.type === 'missing') return undefined;
      throw toStoreError('HeadObject', error);
    }
  }

  async function read(key: string, options: ReadOptions = {}): Promise<ReadResult> {
    const { range } = options;
    if (!isPossibleKey(key)) return { type: 'missing' };
    // Ceph serves the whole for `bytes=-0`; any storage's metadata answer it.
    if (range?.form === 'suffix' && range.length === 0) return unsatisfiable(await head(key, options));
    countOperation(options);
    try {
      const input = { ...locate(key), ...toInput(options) };
      return await toResult(await client.send(new GetObjectCommand(input), abortable(options)), options);
    } catch (error) {
      const result = toBodiless(error, forbidden);
      if (result !== undefined) return result;
      throw toStoreError('GetObject', error);
    }
  }

  return { head, read };
}

/** An empty key would be a request to list the bucket; the others no S3 can hold. */
function isPossibleKey(key: string): boolean {
  return key !== '' && !key.includes('\0') && new TextEncoder().encode(key).length <= MAX_KEY_BYTES;
}

function abortable({ signal }: CallOptions): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

function unsatisfiable(representation: Representation | undefined): ReadResult {
  return representation === undefined ? { type: 'missing' } : { type: 'unsatisfiable', representation };
}

/** Conditions that S3's fields can't say are left out, and evaluated on what comes back. */
function toInput({ range, conditions = {}, version }: ReadOptions) {
  const { ifMatch, ifUnmodifiedSince, ifNoneMatch, ifModifiedSince }: Preconditions = conditions;
  const input: {
    Range?: string;
    IfMatch?: string;
    IfNoneMatch?: string;
    IfModifiedSince?: Date;
    IfUnmodifiedSince?: Date;
    VersionId?: string;
  } = {};
  const match = onlyTag(ifMatch);
  const noneMatch = onlyTag(ifNoneMatch);
  if (range !== undefined) input.Range = printRange([range]);
  if (version !== undefined) input.VersionId = version;
  if (match !== undefined) input.IfMatch = match;
  if (noneMatch !== undefined) input.IfNoneMatch = noneMatch;
  if (ifModifiedSince !== undefined) input.IfModifiedSince = toDate(ifModifiedSince);
  if (ifUnmodifiedSince !== undefined) input.IfUnmodifiedSince = toDate(ifUnmodifiedSince);
  return input;
}

/** S3 takes one strong tag. Ceph takes a list for a tag that no object has. */
function onlyTag(list: EntityTagList | undefined): string | undefined {
  if (list === undefined || list === '*') return undefined;
  const [tag, ...others] = list;
  const isPlain = tag !== undefined && !tag.weak && others.length === 0 && /^[\x21-\x7e]*$/.test(tag.opaque);
  return isPlain ? printEntityTag(tag) : undefined;
}

function toDate(seconds: Seconds): Date {
  return new Date(seconds * 1000);
}

interface S3Object extends S3Head {
  readonly $metadata: { readonly httpStatusCode?: number | undefined };
  readonly ContentRange?: string | undefined;
  readonly ContentLength?: number | undefined;
  readonly Body?: S3Body | undefined;
}

async function toResult(output: S3Object, { conditions = {} }: ReadOptions): Promise<ReadResult> {
  const { Body: body, ContentRange: contentRange, ContentLength: length, $metadata } = output;
  if (body === undefined) throw storeError('nonsense', 'S3 gave no body');
  const stream = toWebStream(body);
  try {
    // Its bytes could be any, and its length would pass for the object's.
    if ($metadata.httpStatusCode === 206 && contentRange === undefined) refuse('206 without Content-Range');
    const partial =
      contentRange === undefined
        ? undefined
        : (parseContentRange(contentRange) ?? refuse(`Content-Range ${contentRange}`));
    const representation = toRepresentation(output, partial?.size ?? length);
    const span = partial?.span ?? { start: 0, end: representation.size };
    // Without a length, a body that ends early ends cleanly, and native pipes would go on to the next part.
    if (length !== span.end - span.start)
      refuse(`Content-Length ${length ?? 'missing'} with Content-Range ${contentRange}`);
    const held = withheld(representation, conditions);
    if (held === undefined) return { type: 'open', representation, span, body: stream };
    await stream.cancel();
    return held;
  } catch (error) {
    await stream.cancel();
    throw error;
  }
}

function toRepresentation(output: S3Head, size: number | undefined): Representation {
  return { ...toMetadata(output), size: size ?? refuse('no Content-Length') };
}

function refuse(what: string): never {
  throw storeError('nonsense', `S3 answered with ${what}`);
}
