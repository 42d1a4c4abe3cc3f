import { parseContentRange, type Representation } from '../../../http/index.ts';
import {
  type BodilessResult,
  type CallOptions,
  type HeadOptions,
  type ObjectStore,
  type OpenObject,
  type ReadOptions,
  type ReadResult,
} from '../../object-store.ts';
import { countOperation } from '../../request-stats.ts';
import { failedCondition } from '../../evaluate-read.ts';
import { sliceWhole } from '../../slice-whole.ts';
import { storeError } from '../../store-error.ts';
import { assertS3Client, type S3ClientLike } from './client.ts';
import { toFields, wantsMetadataFirst } from './conditions.ts';
import { fetchTransport } from './fetch-transport.ts';
import { isPossibleKey } from './keys.ts';
import { toMetadata } from './metadata.ts';
import type { S3Answer, S3Fields, S3Refusal, S3Request, S3RequestFields } from './reads.ts';
import { redact } from './redact.ts';
import { redirectError } from './redirect.ts';
import { reachError, refusalError, toBodiless } from './refusal.ts';
import { s3Reads } from './s3-reads.ts';
import type { Transport } from './transport.ts';

/** Where a store's objects are, and how they are read. */
export interface S3Location {
  readonly bucket: string;
  /** Put before every key, as it is: `releases/` serves what is below it. */
  readonly prefix?: string | undefined;
  /**
   * The meaning of a 403 for an object. S3 says it for a missing object too, where the credentials may not list the
   * bucket: `missing` then answers 404. By default it is `denied`, a failure of ours.
   */
  readonly forbidden?: 'missing' | 'denied' | undefined;
  /**
   * `presigned`: by plain requests to presigned addresses. `commands`: by GetObjectCommand and HeadObjectCommand through
   * the client's own middleware and request handler, for three to four times the CPU. By default `presigned`, except
   * for directory buckets (S3 Express One Zone), multi-region access points, Outposts, and clients whose addresses need
   * fields.
   */
  readonly reads?: 'presigned' | 'commands' | undefined;
}

/** Options of a store, besides its client. */
export interface S3StoreOptions extends S3Location {
  /** Sends the requests to presigned addresses. By default the platform's `fetch`, with its limits. */
  readonly transport?: Transport | undefined;
}

/**
 * Sent with each request, so that stored bytes come as they are stored. Without it, storages decompress objects with a
 * Content-Encoding, and then have no length: Google's does unless `gzip` is listed, Cloudflare's for each coding that
 * is not.
 */
const ALL_CODINGS = 'gzip, br, zstd, deflate, *';

/**
 * Makes a store over an S3 API. One request of the API for one call here, a second one where a signature was refused
 * that may have been stale: what fails is not tried again, which `withRetry` does. The client decides region, endpoint
 * and credentials; its handler, timeouts and middleware are used by `reads: "commands"` alone.
 *
 * @throws TypeError for a client that is not of the SDK's version 3, and for a bucket that has no presigned addresses
 *   with `reads: "presigned"`
 * @example
 * const store = s3Store(new S3Client({ region: 'eu-central-1' }), { bucket: 'releases' });
 */
export function s3Store(
  client: S3ClientLike,
  { bucket, prefix = '', forbidden = 'denied', reads, transport = fetchTransport() }: S3StoreOptions,
): ObjectStore {
  assertS3Client(client);
  const send = s3Reads(client, bucket, reads, transport);
  // The prefix alone may be the key of an object, and is no key here.
  const mayBeThere = (key: string) => key !== '' && isPossibleKey(prefix + key);

  /** @throws StoreError where there is neither an object nor an answer that is none */
  async function ask(asked: Asked, options: CallOptions): Promise<S3Answer | S3Refusal> {
    const { signal } = options;
    const count = () => countOperation(options);
    const codings = (accepted: string): S3Request => ({
      ...asked,
      key: prefix + asked.key,
      fields: { ...asked.fields, 'accept-encoding': accepted },
      signal,
    });
    try {
      const answer = await send(codings(ALL_CODINGS), count);
      if (answer.type === 'refusal' || !isCodedOnTheFly(answer)) return answer;
      await answer.body?.cancel();
      return await send(codings('identity'), count);
    } catch (error) {
      throw reachError({ method: asked.method, signal }, error);
    }
  }

  /** The value of a refusal that is an answer, or its error. */
  function settle(method: S3Request['method'], refusal: S3Refusal, options: CallOptions): BodilessResult {
    const result = toBodiless(refusal, forbidden);
    if (result === undefined) throw redirectError(refusal) ?? refusalError(method, refusal);
    if (refusal.status === 403) options.onForbidden?.();
    return result;
  }

  async function head(
    key: string,
    options: HeadOptions & Pick<ReadOptions, 'version'> = {},
  ): Promise<Representation | undefined> {
    if (!mayBeThere(key)) return undefined;
    const { version } = options;
    const answer = await ask({ method: 'HEAD', key, fields: {}, version }, options);
    if (answer.type === 'answer') {
      await answer.body?.cancel();
      return toRepresentation(answer.fields, toLength(answer.fields));
    }
    // The refusal of a HEAD has no code, which could say that it is our credentials that are refused.
    if (answer.status === 403 && forbidden === 'missing') return headByRange(key, options);
    const result = settle('HEAD', answer, options);
    if (result.type === 'missing') return undefined;
    throw refusalError('HEAD', answer);
  }

  async function headByRange(key: string, { version, ...options }: CallOptions & Pick<ReadOptions, 'version'>) {
    const fields = toFields({ range: { form: 'bounded', start: 0, end: 1 } });
    const answer = await ask({ method: 'GET', key, fields, version }, options);
    if (answer.type === 'refusal') {
      const result = settle('GET', answer, options);
      if (result.type === 'missing') return undefined;
      throw refusalError('HEAD', answer);
    }
    const result = await toResult(answer, {});
    if (result.type !== 'open') return refuse(`${answer.status} to a GET`);
    await result.body.cancel();
    return result.representation;
  }

  async function read(key: string, options: ReadOptions = {}): Promise<ReadResult> {
    const { range, version } = options;
    if (!mayBeThere(key)) return { type: 'missing' };
    // Ceph serves the whole for `bytes=-0`; any storage's metadata answer it.
    if (range?.form === 'suffix' && range.length === 0) return unsatisfiable(await head(key, options));
    if (wantsMetadataFirst(options)) {
      const representation = await head(key, options);
      if (representation === undefined) return { type: 'missing' };
      const held = failedCondition(representation, options.conditions ?? {});
      if (held !== undefined) return held;
    }
    const answer = await ask({ method: 'GET', key, fields: toFields(options), version }, options);
    return answer.type === 'answer' ? toResult(answer, options) : settle('GET', answer, options);
  }

  return { head, read };
}

/** A request before the prefix and the codings are in it. */
type Asked = Omit<S3Request, 'fields' | 'signal'> & { readonly fields: Omit<S3RequestFields, 'accept-encoding'> };

function unsatisfiable(representation: Representation | undefined): ReadResult {
  return representation === undefined ? { type: 'missing' } : { type: 'unsatisfiable', representation };
}

/**
 * Whether something on the way to the storage has compressed the object for us: a coding, and no length. A stored coding
 * comes with the length of the stored bytes.
 */
function isCodedOnTheFly({ fields }: S3Answer): boolean {
  return fields['content-encoding'] !== undefined && toLength(fields) === undefined;
}

async function toResult({ status, fields, body: given }: S3Answer, options: ReadOptions): Promise<ReadResult> {
  const contentRange = fields['content-range'];
  const length = toLength(fields);
  const body = given ?? (length === 0 ? emptyBody() : refuse('no body'));
  try {
    // Its bytes could be any, and its length would pass for the object's.
    if (status === 206 && contentRange === undefined) refuse('206 without Content-Range');
    const partial =
      contentRange === undefined
        ? undefined
        : (parseContentRange(contentRange) ?? refuse(`Content-Range ${contentRange}`));
    const representation = toRepresentation(fields, partial?.size ?? length);
    const span = partial?.span ?? { start: 0, end: representation.size };
    // Without a length, a body that ends early ends cleanly, and native pipes would go on to the next part.
    if (length !== span.end - span.start)
      refuse(`Content-Length ${length ?? 'missing'} with Content-Range ${contentRange}`);
    const held = failedCondition(representation, options.conditions ?? {});
    const open: OpenObject = { type: 'open', representation, span, body };
    if (held === undefined) return partial === undefined ? await sliceWhole(open, options) : open;
    await body.cancel();
    return held;
  } catch (error) {
    await body.cancel();
    throw error;
  }
}

function toRepresentation(fields: S3Fields, size: number | undefined): Representation {
  return { ...toMetadata(fields), size: size ?? refuse('no Content-Length') };
}

function emptyBody(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.close() });
}

/** In bytes; `undefined` where it is missing, or no number. */
function toLength(fields: S3Fields): number | undefined {
  const text = fields['content-length'] ?? '';
  return /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}

function refuse(what: string): never {
  throw storeError('invalid-response', `S3 answered with ${redact(what)}`);
}
