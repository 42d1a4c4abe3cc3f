import { parseContentRange, type Representation } from '../../../http/index.ts';
import {
  type BodilessResult,
  type CallOptions,
  type HeadOptions,
  type OpenObject,
  type ReadOptions,
  type ReadResult,
} from '../../object-store.ts';
import type { ListableStore, ListOptions, ListPage } from '../../listable-store.ts';
import { countOperation } from '../../request-stats.ts';
import { failedCondition } from '../../evaluate-read.ts';
import { storedType } from '../../media-type.ts';
import { sliceWhole } from '../../slice-whole.ts';
import { storeError } from '../../store-error.ts';
import { assertS3Client, type S3ClientLike } from './client.ts';
import { toFields, wantsMetadataFirst } from './conditions.ts';
import { fetchTransport } from './fetch-transport.ts';
import { isReadableKey } from '../../key-rules.ts';
import { listQuery, readListing } from './list.ts';
import { toDigests, toMetadata } from './metadata.ts';
import type { S3Fields, S3Refusal, S3Request, S3RequestFields, S3Response } from './reads.ts';
import { redact } from './redact.ts';
import { redirectError } from './redirect.ts';
import { requestError, refusalError, toBodiless } from './refusal.ts';
import { s3Reads } from './s3-reads.ts';
import type { Transport } from './transport.ts';

/** The place of a store's objects, and how they are read. */
export interface S3Location {
  readonly bucket: string;
  /** Put before each key as it is. With `releases/`, the store has the objects below it. */
  readonly prefix?: string | undefined;
  /**
   * The meaning of a 403 for an object. If the credentials may not list the bucket, S3 sends a 403 for missing objects
   * too; then set `missing`, and the response is 404. By default `denied`, an error of the gateway.
   */
  readonly forbidden?: 'missing' | 'denied' | undefined;
  /**
   * - `presigned`: plain requests to presigned URLs.
   * - `commands`: GetObjectCommand and HeadObjectCommand through the client's own middleware and request handler, for
   *   three to four times the CPU.
   *
   * By default `presigned`, and `commands` for directory buckets (S3 Express One Zone), multi-region access points,
   * Outposts, and clients whose requests need signed header fields.
   */
  readonly reads?: 'presigned' | 'commands' | undefined;
}

/** Options of {@link s3Store}. */
export interface S3StoreOptions extends S3Location {
  /** Sends the requests to presigned URLs. By default the platform's `fetch`, with its limits. */
  readonly transport?: Transport | undefined;
}

/**
 * Accept-Encoding of each request, so that objects with a Content-Encoding are sent as they are stored. Without it,
 * storages decode them and send no length: Google's unless `gzip` is listed, Cloudflare's for each coding that is not
 * listed.
 */
const ALL_CODINGS = 'gzip, br, zstd, deflate, *';

/**
 * Makes a store over an S3 API. Each call is one request, and a second one if a signature was refused that may have
 * been expired. Failed requests are not retried; that is the work of `withRetry`. The client supplies region, endpoint
 * and credentials. Its request handler, timeouts and middleware are used only with `reads: "commands"`.
 *
 * @param client an `S3Client` of @aws-sdk/client-s3, version 3
 * @throws TypeError if `client` is no such client, or if `reads` is `presigned` and the bucket has no presigned URLs
 * @example
 * import { S3Client } from '@aws-sdk/client-s3';
 * import { createGateway, withRetry } from 'rangeway';
 * import { s3Store } from 'rangeway/s3';
 *
 * const client = new S3Client({ region: 'eu-central-1' });
 * export default createGateway({ store: withRetry(s3Store(client, { bucket: 'releases' })) });
 */
export function s3Store(
  client: S3ClientLike,
  { bucket, prefix = '', forbidden = 'denied', reads, transport = fetchTransport() }: S3StoreOptions,
): ListableStore {
  assertS3Client(client);
  const sendOnce = s3Reads(client, bucket, reads, transport);
  // An object whose key is the prefix itself has no key in this store.
  const isReadable = (key: string) => key !== '' && isReadableKey(prefix + key);

  /**
   * Sends a request, and once more if the object was compressed on the fly.
   *
   * @throws StoreError if there is no response
   */
  async function send(request: UnprefixedRequest, options: CallOptions): Promise<S3Response | S3Refusal> {
    const { signal } = options;
    const count = () => countOperation(options);
    const accepting = (codings: string): S3Request => ({
      ...request,
      key: prefix + request.key,
      fields: { ...request.fields, 'accept-encoding': codings },
      // A response with a range has no digest of the whole.
      hasChecksums: options.digests === true && request.fields.range === undefined,
      signal,
    });
    try {
      const response = await sendOnce(accepting(ALL_CODINGS), count);
      if (response.type === 'refusal' || !isCodedOnTheFly(response)) return response;
      await response.body?.cancel();
      return await sendOnce(accepting('identity'), count);
    } catch (error) {
      throw requestError({ method: request.method, signal }, error);
    }
  }

  /** Returns the result that a refusal stands for, or throws its error. */
  function resultOf(method: S3Request['method'], refusal: S3Refusal, options: CallOptions): BodilessResult {
    const result = toBodiless(refusal, forbidden);
    if (result === undefined) throw redirectError(refusal) ?? refusalError(method, refusal);
    if (refusal.status === 403) options.onForbidden?.();
    return result;
  }

  async function head(
    key: string,
    options: HeadOptions & Pick<ReadOptions, 'version'> = {},
  ): Promise<Representation | undefined> {
    if (!isReadable(key)) return undefined;
    const { version } = options;
    const response = await send({ method: 'HEAD', key, fields: {}, version }, options);
    if (response.type === 'object') {
      await response.body?.cancel();
      return toRepresentation(key, response, toLength(response.fields));
    }
    // The response to a HEAD has no error code, so it does not tell a refused object from refused credentials.
    if (response.status === 403 && forbidden === 'missing') return headByRange(key, options);
    const result = resultOf('HEAD', response, options);
    if (result.type === 'missing') return undefined;
    throw refusalError('HEAD', response);
  }

  /** Reads the metadata by a GET of one byte, whose error response has a code. */
  async function headByRange(key: string, { version, ...options }: CallOptions & Pick<ReadOptions, 'version'>) {
    const fields = toFields({ range: { form: 'bounded', start: 0, end: 1 } });
    const response = await send({ method: 'GET', key, fields, version }, options);
    if (response.type === 'refusal') {
      const result = resultOf('GET', response, options);
      if (result.type === 'missing') return undefined;
      throw refusalError('HEAD', response);
    }
    const result = await toResult(key, response, {});
    if (result.type !== 'open') return throwInvalidResponse(`${response.status} to a GET`);
    await result.body.cancel();
    return result.representation;
  }

  async function read(key: string, options: ReadOptions = {}): Promise<ReadResult> {
    const { range, version } = options;
    if (!isReadable(key)) return { type: 'missing' };
    // Ceph sends the whole object for `bytes=-0`. The metadata are sufficient to reject it on any storage.
    if (range?.form === 'suffix' && range.length === 0) return unsatisfiable(await head(key, options));
    if (wantsMetadataFirst(options)) {
      const representation = await head(key, options);
      if (representation === undefined) return { type: 'missing' };
      const failed = failedCondition(representation, options.conditions ?? {});
      if (failed !== undefined) return failed;
    }
    const response = await send({ method: 'GET', key, fields: toFields(options), version }, options);
    return response.type === 'object' ? toResult(key, response, options) : resultOf('GET', response, options);
  }

  async function list(start: string, options: ListOptions = {}): Promise<ListPage> {
    const { signal } = options;
    const request = {
      method: 'GET',
      key: '',
      fields: PLAIN,
      query: listQuery(prefix + start, options),
      signal,
    } as const;
    try {
      const response = await sendOnce(request, () => countOperation(options));
      if (response.type === 'object') return await readListing(response, prefix);
      throw redirectError(response) ?? refusalError('LIST', response);
    } catch (error) {
      throw requestError({ method: 'LIST', signal }, error);
    }
  }

  /** By a GET, since the response to a HEAD has no code that tells a missing bucket from a missing key. */
  async function probe(options: CallOptions = {}): Promise<void> {
    const fields = toFields({ range: { form: 'bounded', start: 0, end: 0 } });
    const response = await send({ method: 'GET', key: PROBED_KEY, fields }, options);
    if (response.type === 'object') return response.body?.cancel();
    // Without the right to list the bucket, a missing key is refused.
    if (toBodiless(response, 'missing') === undefined) throw redirectError(response) ?? refusalError('GET', response);
  }

  return { head, read, list, probe };
}

/** It is no secret that a bucket may have this key. */
const PROBED_KEY = 'rangeway-ready';

/** A listing is read as it is. */
const PLAIN = { 'accept-encoding': 'identity' };

/** A request whose key has no prefix yet, and that has no Accept-Encoding yet. */
type UnprefixedRequest = Omit<S3Request, 'fields' | 'signal'> & {
  readonly fields: Omit<S3RequestFields, 'accept-encoding'>;
};

function unsatisfiable(representation: Representation | undefined): ReadResult {
  return representation === undefined ? { type: 'missing' } : { type: 'unsatisfiable', representation };
}

/**
 * Returns whether the storage or a proxy compressed the object for this response: there is a coding and no length. If
 * the coding is stored, the response has the length of the stored bytes.
 */
function isCodedOnTheFly({ fields }: S3Response): boolean {
  return fields['content-encoding'] !== undefined && toLength(fields) === undefined;
}

/** Checks a response with an object, and makes the result of the read. */
async function toResult(
  key: string,
  { status, fields, body: responseBody }: S3Response,
  options: ReadOptions,
): Promise<ReadResult> {
  const contentRange = fields['content-range'];
  const length = toLength(fields);
  const body = responseBody ?? (length === 0 ? emptyBody() : throwInvalidResponse('no body'));
  try {
    // The place of its bytes is unknown, and its length would be taken for the size of the object.
    if (status === 206 && contentRange === undefined) throwInvalidResponse('206 without Content-Range');
    const partial =
      contentRange === undefined
        ? undefined
        : (parseContentRange(contentRange) ?? throwInvalidResponse(`Content-Range ${contentRange}`));
    const representation = toRepresentation(key, { status, fields }, partial?.size ?? length);
    const span = partial?.span ?? { start: 0, end: representation.size };
    // Without a length, a body that ends early looks complete, and a native pipe would continue with the next part.
    if (length !== span.end - span.start)
      throwInvalidResponse(`Content-Length ${length ?? 'missing'} with Content-Range ${contentRange}`);
    const failed = failedCondition(representation, options.conditions ?? {});
    const open: OpenObject = { type: 'open', representation, span, body };
    if (failed === undefined) return partial === undefined ? await sliceWhole(open, options) : open;
    await body.cancel();
    return failed;
  } catch (error) {
    await body.cancel();
    throw error;
  }
}

/** S3 itself stores `binary/octet-stream` if an upload names no type. Other storages may send none. */
function toRepresentation(
  key: string,
  { status, fields }: Pick<S3Response, 'status' | 'fields'>,
  size: number | undefined,
): Representation {
  const metadata = toMetadata(fields);
  const digests = toDigests(status, fields);
  return {
    ...metadata,
    contentType: storedType(metadata.contentType, key),
    ...(digests === undefined ? {} : { digests }),
    size: size ?? throwInvalidResponse('no Content-Length'),
  };
}

function emptyBody(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.close() });
}

/** Parses Content-Length, in bytes; `undefined` if it is missing or no number. */
function toLength(fields: S3Fields): number | undefined {
  const text = fields['content-length'] ?? '';
  return /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}

/** Rejects a response that can't be trusted. */
function throwInvalidResponse(response: string): never {
  throw storeError('invalid-response', `S3 answered with ${redact(response)}`);
}
