import type { S3Client } from '@aws-sdk/client-s3';
import {
  parseContentRange,
  printEntityTag,
  printHttpDate,
  printRange,
  type EntityTagList,
  type Preconditions,
  type Representation,
} from '../../http/index.ts';
import {
  MAX_KEY_BYTES,
  type CallOptions,
  type ObjectStore,
  type OpenObject,
  type ReadOptions,
  type ReadResult,
} from '../object-store.ts';
import { withheld } from '../select.ts';
import { sliced } from '../slice.ts';
import { storeError } from '../store-error.ts';
import { countOperation } from '../tally.ts';
import { toWebStream } from './s3-body.ts';
import { toMetadata, type S3Headers } from './s3-metadata.ts';
import { redirectError } from './s3-redirect.ts';
import { CLOCK_IS_OFF, reachError, readRefusal, refusalError, toBodiless, type S3Refusal } from './s3-refusal.ts';
import { correctClock, s3Wire, type S3Answer, type S3Request } from './s3-wire.ts';

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

/**
 * Sent with each request, so that stored bytes come as they are stored. Without it, storages decompress objects with a
 * Content-Encoding, and then have no length: Google's does unless `gzip` is listed, Cloudflare's for each coding that
 * is not.
 */
const ALL_CODINGS = 'gzip, br, zstd, deflate, *';

/**
 * Makes a store over an S3 API. One request of the API for one call here: what fails is not tried again, which
 * `withRetry` does. The client's own settings decide region, endpoint, credentials and timeouts.
 */
export function s3Store(client: S3Client, { bucket, prefix = '', forbidden = 'denied' }: S3Location): ObjectStore {
  const wire = s3Wire(client, bucket);

  async function send(request: S3Request, acceptEncoding: string, options: CallOptions): Promise<S3Answer> {
    countOperation(options);
    const headers = { ...request.headers, 'accept-encoding': acceptEncoding };
    try {
      return await wire({ ...request, headers });
    } catch (error) {
      throw reachError(request.method, error);
    }
  }

  /** @throws StoreError where there is neither an object nor an answer that is none */
  async function ask(request: S3Request, options: CallOptions): Promise<S3Answer | S3Refusal> {
    let answer = await send(request, ALL_CODINGS, options);
    if (isCodedOnTheFly(answer)) {
      await discard(answer);
      answer = await send(request, 'identity', options);
    }
    if (answer.status === 200 || answer.status === 206) return answer;
    const refusal = await readRefusal(answer);
    if (toBodiless(refusal, forbidden) !== undefined) return refusal;
    const redirect = redirectError(refusal);
    if (redirect !== undefined) throw redirect;
    const isClock = refusal.code === CLOCK_IS_OFF && correctClock(client, answer);
    throw isClock
      ? storeError('unavailable', 'our clock is off, and was corrected')
      : refusalError(request.method, refusal);
  }

  async function head(key: string, options: CallOptions = {}): Promise<Representation | undefined> {
    if (!isPossibleKey(key)) return undefined;
    const { signal } = options;
    const answer = await ask({ method: 'HEAD', key: prefix + key, headers: {}, signal }, options);
    if (answer.type === 'refusal') {
      if (answer.status === 404 || answer.status === 403 || answer.status === 400) return undefined;
      throw refusalError('HEAD', answer);
    }
    await readRefusal(answer);
    return toRepresentation(answer.headers, toLength(answer.headers));
  }

  async function read(key: string, options: ReadOptions = {}): Promise<ReadResult> {
    const { range, version, signal } = options;
    if (!isPossibleKey(key)) return { type: 'missing' };
    // Ceph serves the whole for `bytes=-0`; any storage's metadata answer it.
    if (range?.form === 'suffix' && range.length === 0) return unsatisfiable(await head(key, options));
    const request: S3Request = { method: 'GET', key: prefix + key, headers: toHeaders(options), version, signal };
    const answer = await ask(request, options);
    if (answer.type === 'answer') return toResult(answer, options);
    return toBodiless(answer, forbidden) ?? refuse(`${answer.status}`);
  }

  return { head, read };
}

/** An empty key would be a request to list the bucket; the others no S3 can hold. */
function isPossibleKey(key: string): boolean {
  return key !== '' && !key.includes('\0') && new TextEncoder().encode(key).length <= MAX_KEY_BYTES;
}

function unsatisfiable(representation: Representation | undefined): ReadResult {
  return representation === undefined ? { type: 'missing' } : { type: 'unsatisfiable', representation };
}

/** Conditions that S3's fields can't say are left out, and evaluated on what comes back. */
function toHeaders({ range, conditions = {} }: ReadOptions): Record<string, string> {
  const { ifMatch, ifUnmodifiedSince, ifNoneMatch, ifModifiedSince }: Preconditions = conditions;
  const headers: Record<string, string> = {};
  const match = onlyTag(ifMatch);
  const noneMatch = onlyTag(ifNoneMatch);
  if (range !== undefined) headers['range'] = printRange([range]);
  if (match !== undefined) headers['if-match'] = match;
  if (noneMatch !== undefined) headers['if-none-match'] = noneMatch;
  if (ifModifiedSince !== undefined) headers['if-modified-since'] = printHttpDate(ifModifiedSince);
  if (ifUnmodifiedSince !== undefined) headers['if-unmodified-since'] = printHttpDate(ifUnmodifiedSince);
  return headers;
}

/** S3 takes one strong tag. Ceph takes a list for a tag that no object has. */
function onlyTag(list: EntityTagList | undefined): string | undefined {
  if (list === undefined || list === '*') return undefined;
  const [tag, ...others] = list;
  const isPlain = tag !== undefined && !tag.weak && others.length === 0 && /^[\x21-\x7e]*$/.test(tag.opaque);
  return isPlain ? printEntityTag(tag) : undefined;
}

/**
 * Whether something on the way to the storage has compressed the object for us: a coding, and no length. A stored coding
 * comes with the length of the stored bytes.
 */
function isCodedOnTheFly({ status, headers }: S3Answer): boolean {
  if (status !== 200 && status !== 206) return false;
  return headers['content-encoding'] !== undefined && toLength(headers) === undefined;
}

async function discard({ body }: S3Answer): Promise<void> {
  if (body !== undefined) await toWebStream(body).cancel();
}

async function toResult({ status, headers, body }: S3Answer, options: ReadOptions): Promise<ReadResult> {
  if (body === undefined) throw storeError('nonsense', 'S3 gave no body');
  const contentRange = headers['content-range'];
  const length = toLength(headers);
  const stream = toWebStream(body);
  try {
    // Its bytes could be any, and its length would pass for the object's.
    if (status === 206 && contentRange === undefined) refuse('206 without Content-Range');
    const partial =
      contentRange === undefined
        ? undefined
        : (parseContentRange(contentRange) ?? refuse(`Content-Range ${contentRange}`));
    const representation = toRepresentation(headers, partial?.size ?? length);
    const span = partial?.span ?? { start: 0, end: representation.size };
    // Without a length, a body that ends early ends cleanly, and native pipes would go on to the next part.
    if (length !== span.end - span.start)
      refuse(`Content-Length ${length ?? 'missing'} with Content-Range ${contentRange}`);
    const held = withheld(representation, options.conditions ?? {});
    const open: OpenObject = { type: 'open', representation, span, body: stream };
    if (held === undefined) return partial === undefined ? await sliced(open, options) : open;
    await stream.cancel();
    return held;
  } catch (error) {
    await stream.cancel();
    throw error;
  }
}

function toRepresentation(headers: S3Headers, size: number | undefined): Representation {
  return { ...toMetadata(headers), size: size ?? refuse('no Content-Length') };
}

/** In bytes; `undefined` where it is missing, or no number. */
function toLength(headers: S3Headers): number | undefined {
  const text = headers['content-length'] ?? '';
  return /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}

function refuse(what: string): never {
  throw storeError('nonsense', `S3 answered with ${what}`);
}
