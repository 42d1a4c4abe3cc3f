import {
  printEntityTag,
  printHttpDate,
  resolveSpec,
  storedDate,
  strongTag,
  toBase64,
  type Digests,
  type EntityTagList,
  type Preconditions,
  type RangeSpec,
  type Representation,
  type Span,
} from '../../http/index.ts';
import type { ListableStore, ListPage } from '../listable-store.ts';
import { type ReadOptions, type ReadResult } from '../object-store.ts';
import { countOperation } from '../request-stats.ts';
import { failedCondition } from '../evaluate-read.ts';
import { storedType } from '../media-type.ts';
import { isStoreError, storeError, type StoreError } from '../store-error.ts';

/** The part of the R2 binding that this driver uses. An `R2Bucket` of Workers is assignable to it. */
export interface R2BucketLike {
  head(key: string): Promise<R2ObjectLike | null>;
  get(key: string, options?: R2ReadOptions): Promise<R2ObjectLike | null>;
  list(options: R2ListOptions): Promise<R2ObjectsLike>;
}

interface R2ListOptions {
  readonly prefix: string;
  readonly delimiter?: string;
  readonly cursor?: string;
  readonly limit?: number;
}

interface R2ObjectsLike {
  readonly objects: readonly (R2ObjectLike & { readonly key: string })[];
  readonly delimitedPrefixes: readonly string[];
  readonly truncated: boolean;
  readonly cursor?: string;
}

interface R2ReadOptions {
  readonly range?: { readonly offset: number; readonly length?: number } | { readonly suffix: number };
  readonly onlyIf?: Headers;
}

interface R2ObjectLike {
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  readonly uploaded: Date;
  readonly httpMetadata?: {
    readonly contentType?: string;
    readonly contentEncoding?: string;
    readonly contentLanguage?: string;
    readonly contentDisposition?: string;
    readonly cacheControl?: string;
    readonly cacheExpiry?: Date;
  };
  readonly checksums?: { readonly sha256?: ArrayBuffer; readonly sha512?: ArrayBuffer };
  /**
   * Present in each response, and with all three members since the compatibility date 2026-01-15. A member that does
   * not apply is `undefined`.
   */
  readonly range?: { readonly offset?: number; readonly length?: number; readonly suffix?: number };
  /** Absent if a condition failed. */
  readonly body?: ReadableStream<Uint8Array>;
}

/**
 * Makes a store over an R2 binding. Each call is one call of the binding, except after one error of local R2 (see
 * {@link resultAfterError}).
 *
 * @example
 * import { createGateway, r2Store, type R2BucketLike } from 'rangeway';
 *
 * export function gatewayOf(env: { readonly BUCKET: R2BucketLike }) {
 *   return createGateway({ store: r2Store(env.BUCKET) });
 * }
 */
export function r2Store(bucket: R2BucketLike): ListableStore {
  return {
    async head(key, options = {}) {
      countOperation(options);
      try {
        const object = await bucket.head(key);
        return object === null ? undefined : toRepresentation(key, object);
      } catch (error) {
        if (isErrorNumber(error, INVALID_NAME)) return undefined;
        throw toStoreError('head', error);
      }
    },
    async read(key, options = {}) {
      countOperation(options);
      try {
        const object = await bucket.get(key, toR2Options(options));
        return object === null ? { type: 'missing' } : toResult(key, object, options);
      } catch (error) {
        return resultAfterError(bucket, key, options, error);
      }
    },
    async list(prefix, { delimiter, cursor, limit, ...options } = {}) {
      countOperation(options);
      try {
        return toPage(
          await bucket.list({
            prefix,
            ...(delimiter === undefined ? {} : { delimiter }),
            ...(cursor === undefined ? {} : { cursor }),
            ...(limit === undefined ? {} : { limit }),
          }),
        );
      } catch (error) {
        throw toStoreError('list', error);
      }
    },
  };
}

function toPage({ objects, delimitedPrefixes, truncated, cursor }: R2ObjectsLike): ListPage {
  return {
    objects: objects.map(({ key, size, etag, uploaded, checksums }) => ({
      key,
      size,
      etag: strongTag(etag),
      lastModified: uploaded,
      digests: toDigests(checksums),
    })),
    prefixes: delimitedPrefixes,
    cursor: truncated ? cursor : undefined,
  };
}

function toR2Options({ range, conditions }: ReadOptions): R2ReadOptions {
  const onlyIf = conditions === undefined ? undefined : toOnlyIf(conditions);
  return { ...(range === undefined ? {} : { range: toR2Range(range) }), ...(onlyIf === undefined ? {} : { onlyIf }) };
}

/** Uses the object form, because with the Headers form R2 returns the whole object if it can't satisfy a range. */
function toR2Range(range: RangeSpec): { offset: number; length?: number } | { suffix: number } {
  switch (range.form) {
    case 'bounded':
      return { offset: range.start, length: range.end - range.start };
    case 'from':
      return { offset: range.start };
    case 'suffix':
      return { suffix: range.length };
  }
}

/**
 * Uses the Headers form, because the object form takes one entity tag only. The fields are printed from parsed values,
 * because R2 throws on some tags that clients send.
 *
 * @returns `undefined` if there is no condition
 */
function toOnlyIf(conditions: Preconditions): Headers | undefined {
  const { ifMatch, ifUnmodifiedSince, ifNoneMatch, ifModifiedSince } = conditions;
  if ((ifMatch ?? ifUnmodifiedSince ?? ifNoneMatch ?? ifModifiedSince) === undefined) return undefined;
  const headers = new Headers();
  if (ifMatch !== undefined) headers.set('If-Match', printList(ifMatch));
  // R2 reads "unmodified since" as "before". The object's own second must pass, so one second is added.
  if (ifUnmodifiedSince !== undefined) headers.set('If-Unmodified-Since', printHttpDate(ifUnmodifiedSince + 1));
  if (ifNoneMatch !== undefined) headers.set('If-None-Match', printList(ifNoneMatch));
  if (ifModifiedSince !== undefined) headers.set('If-Modified-Since', printHttpDate(ifModifiedSince));
  return headers;
}

/**
 * Prints a list of entity tags for R2. R2 throws on an empty field, and Headers throws on characters beyond Latin-1. No
 * object of R2 has a tag beyond ASCII, so such tags are left out. If no tag remains, a tag that no object has is
 * printed.
 */
function printList(list: EntityTagList): string {
  if (list === '*') return '*';
  const printable = list.filter(({ opaque }) => /^[\x21-\x7e]*$/.test(opaque));
  return printable.length === 0 ? '"-"' : printable.map(printEntityTag).join(', ');
}

function toResult(key: string, object: R2ObjectLike, { conditions = {} }: ReadOptions): ReadResult {
  const representation = toRepresentation(key, object);
  const { body } = object;
  if (body !== undefined) return { type: 'open', representation, span: toSpan(object), body, hasNativeLength: true };
  // R2 does not report which condition failed, but its metadata decide it.
  const failed = failedCondition(representation, conditions);
  if (failed === undefined) throw storeError('invalid-response', 'R2 held a body back, though every condition holds');
  return failed;
}

function toSpan({ range, size }: R2ObjectLike): Span {
  const start = range?.offset ?? 0;
  return { start, end: range?.length === undefined ? size : start + range.length };
}

function toRepresentation(
  key: string,
  { size, etag, uploaded, httpMetadata: http, checksums }: R2ObjectLike,
): Representation {
  return {
    size,
    etag: strongTag(etag),
    lastModified: uploaded,
    isDateStrong: true,
    contentType: storedType(http?.contentType, key),
    contentEncoding: http?.contentEncoding,
    contentLanguage: http?.contentLanguage,
    contentDisposition: http?.contentDisposition,
    cacheControl: http?.cacheControl,
    expires: storedDate(http?.cacheExpiry),
    digests: toDigests(checksums),
  };
}

/** R2 has only the checksums that an upload named, and none of an upload in parts. */
function toDigests({ sha256, sha512 }: NonNullable<R2ObjectLike['checksums']> = {}): Digests | undefined {
  if (sha256 === undefined && sha512 === undefined) return undefined;
  return { 'sha-256': printSum(sha256), 'sha-512': printSum(sha512) };
}

function printSum(sum: ArrayBuffer | undefined): string | undefined {
  return sum === undefined ? undefined : toBase64(new Uint8Array(sum));
}

const UNSPECIFIED = 0;
const INVALID_NAME = 10020;
const UNSATISFIABLE = 10039;
const THROTTLED = 10058;

/** R2's errors have no code member. The message ends with the error number in parentheses. */
function isErrorNumber(error: unknown, number: number): boolean {
  return error instanceof Error && error.message.endsWith(`(${number})`);
}

/**
 * Returns the result that an error of R2 stands for, or throws the error as a StoreError.
 *
 * Local R2 throws "Unspecified error (0)" instead of 10039 for `{ offset: size, length }`. Only after that error, the
 * size is read, which costs the one operation that the gateway would otherwise need for it.
 */
async function resultAfterError(
  bucket: R2BucketLike,
  key: string,
  { range, stats }: ReadOptions,
  error: unknown,
): Promise<ReadResult> {
  if (isErrorNumber(error, INVALID_NAME)) return { type: 'missing' };
  if (range !== undefined && isErrorNumber(error, UNSATISFIABLE)) return { type: 'unsatisfiable' };
  if (range !== undefined && isErrorNumber(error, UNSPECIFIED)) {
    countOperation({ stats });
    const object = await bucket.head(key).catch(() => null);
    if (object !== null && resolveSpec(range, object.size) === undefined) {
      return { type: 'unsatisfiable', representation: toRepresentation(key, object) };
    }
  }
  throw toStoreError('get', error);
}

function toStoreError(operation: string, error: unknown): StoreError {
  if (isStoreError(error)) return error;
  const code = isErrorNumber(error, THROTTLED) ? 'throttled' : 'unavailable';
  return storeError(code, `R2 ${operation} failed`, error);
}
