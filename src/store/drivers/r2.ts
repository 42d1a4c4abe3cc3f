import {
  printEntityTag,
  printHttpDate,
  resolveSpec,
  storedDate,
  strongTag,
  type EntityTagList,
  type Preconditions,
  type RangeSpec,
  type Representation,
  type Span,
} from '../../http/index.ts';
import { type ObjectStore, type ReadOptions, type ReadResult } from '../object-store.ts';
import { countOperation } from '../request-stats.ts';
import { failedCondition } from '../evaluate-read.ts';
import { isStoreError, storeError, type StoreError } from '../store-error.ts';

/** What this driver uses of the R2 binding; an `R2Bucket` fits it. */
export interface R2BucketLike {
  head(key: string): Promise<R2ObjectLike | null>;
  get(key: string, options?: R2ReadOptions): Promise<R2ObjectLike | null>;
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
  /** Always there, and since the compatibility date 2026-01-15 with all its keys: only values tell. */
  readonly range?: { readonly offset?: number; readonly length?: number; readonly suffix?: number };
  /** Absent where a condition failed. */
  readonly body?: ReadableStream<Uint8Array>;
}

/** Makes a store over an R2 binding. One call of the binding for one call here, but for {@link afterError}. */
export function r2Store(bucket: R2BucketLike): ObjectStore {
  return {
    async head(key, options = {}) {
      countOperation(options);
      try {
        const object = await bucket.head(key);
        return object === null ? undefined : toRepresentation(object);
      } catch (error) {
        if (isErrorNumber(error, INVALID_NAME)) return undefined;
        throw toStoreError('head', error);
      }
    },
    async read(key, options = {}) {
      countOperation(options);
      try {
        const object = await bucket.get(key, toR2Options(options));
        return object === null ? { type: 'missing' } : toResult(object, options);
      } catch (error) {
        return afterError(bucket, key, options, error);
      }
    },
  };
}

function toR2Options({ range, conditions }: ReadOptions): R2ReadOptions {
  const onlyIf = conditions === undefined ? undefined : toOnlyIf(conditions);
  return { ...(range === undefined ? {} : { range: toR2Range(range) }), ...(onlyIf === undefined ? {} : { onlyIf }) };
}

/** The object form: the Headers form gives the whole object for whatever it can't satisfy. */
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
 * The Headers form, because the object form takes one tag only; printed from values, since R2 throws at a tag that a
 * client may well send. `undefined` where nothing is left to evaluate.
 */
function toOnlyIf(conditions: Preconditions): Headers | undefined {
  const { ifMatch, ifUnmodifiedSince, ifNoneMatch, ifModifiedSince } = conditions;
  if ((ifMatch ?? ifUnmodifiedSince ?? ifNoneMatch ?? ifModifiedSince) === undefined) return undefined;
  const headers = new Headers();
  if (ifMatch !== undefined) headers.set('If-Match', printList(ifMatch));
  // R2 takes "unmodified since" for "before", so the object's own second would fail: one second later is meant.
  if (ifUnmodifiedSince !== undefined) headers.set('If-Unmodified-Since', printHttpDate(ifUnmodifiedSince + 1));
  if (ifNoneMatch !== undefined) headers.set('If-None-Match', printList(ifNoneMatch));
  if (ifModifiedSince !== undefined) headers.set('If-Modified-Since', printHttpDate(ifModifiedSince));
  return headers;
}

/**
 * R2 throws at a field that is empty, and Headers at characters that are no bytes. No object of R2 has a tag beyond
 * ASCII, so those match nothing; where no other is left, a tag that no object has stands for them.
 */
function printList(list: EntityTagList): string {
  if (list === '*') return '*';
  const possible = list.filter(({ opaque }) => /^[\x21-\x7e]*$/.test(opaque));
  return possible.length === 0 ? '"-"' : possible.map(printEntityTag).join(', ');
}

function toResult(object: R2ObjectLike, { conditions = {} }: ReadOptions): ReadResult {
  const representation = toRepresentation(object);
  const { body } = object;
  if (body !== undefined) return { type: 'open', representation, span: toSpan(object), body, hasNativeLength: true };
  // R2 does not say which condition failed, but gives all that decides it.
  const held = failedCondition(representation, conditions);
  if (held === undefined) throw storeError('invalid-response', 'R2 held a body back, though every condition holds');
  return held;
}

function toSpan({ range, size }: R2ObjectLike): Span {
  const start = range?.offset ?? 0;
  return { start, end: range?.length === undefined ? size : start + range.length };
}

function toRepresentation({ size, etag, uploaded, httpMetadata: http }: R2ObjectLike): Representation {
  return {
    size,
    etag: strongTag(etag),
    lastModified: uploaded,
    isDateStrong: true,
    contentType: http?.contentType,
    contentEncoding: http?.contentEncoding,
    contentLanguage: http?.contentLanguage,
    contentDisposition: http?.contentDisposition,
    cacheControl: http?.cacheControl,
    expires: storedDate(http?.cacheExpiry),
  };
}

const UNSPECIFIED = 0;
const INVALID_NAME = 10020;
const UNSATISFIABLE = 10039;
const THROTTLED = 10058;

/** R2's errors have no code of their own: its number ends the message, in parentheses. */
function isErrorNumber(error: unknown, number: number): boolean {
  return error instanceof Error && error.message.endsWith(`(${number})`);
}

/**
 * Local R2 answers `{ offset: size, length }` with "Unspecified error (0)" instead of 10039. So after that error, and
 * only then, the size is looked up, which costs the operation that the gateway would otherwise spend on it.
 */
async function afterError(
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
      return { type: 'unsatisfiable', representation: toRepresentation(object) };
    }
  }
  throw toStoreError('get', error);
}

function toStoreError(operation: string, error: unknown): StoreError {
  if (isStoreError(error)) return error;
  const code = isErrorNumber(error, THROTTLED) ? 'throttled' : 'unavailable';
  return storeError(code, `R2 ${operation} failed`, error);
}
