import { parseEntityTag, type Metadata } from '../../http/index.ts';
import type { BodilessResult } from '../object-store.ts';
import { isStoreError, storeError, type StoreError, type StoreErrorCode } from '../store-error.ts';

/** What the SDK throws, as far as it is looked at. Statuses decide: a HEAD has no body, so its errors have no code. */
interface S3Error {
  readonly name: string;
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** In bytes; AWS tells it with a 416, Ceph does not. */
  readonly actualObjectSize: number | undefined;
}

/** An answer that S3 gives as an error though it is none; `undefined` for what is one. */
export function toBodiless(error: unknown, forbidden: 'missing' | 'denied'): BodilessResult | undefined {
  const { name, status, headers, actualObjectSize } = describe(error);
  switch (status) {
    case 304:
      return { type: 'unmodified', metadata: toMetadata304(headers) };
    case 404:
      // A bucket that is not there is a mistake of ours, and no object of it is merely missing.
      return name === 'NoSuchBucket' ? undefined : { type: 'missing' };
    case 400:
      return name === 'InvalidObjectName' || name === 'KeyTooLongError' ? { type: 'missing' } : undefined;
    case 403:
      return forbidden === 'missing' ? { type: 'missing' } : undefined;
    case 412:
      return { type: 'changed' };
    case 416:
      return { type: 'unsatisfiable', size: actualObjectSize };
    default:
      return undefined;
  }
}

/**
 * A 304 has to carry what the 200 would (§15.4.5), which can be told only where the storage does so itself. AWS
 * does; Ceph's 304 has no field at all, and the metadata have to be asked for.
 */
function toMetadata304(headers: Readonly<Record<string, string>>): Metadata | undefined {
  const { etag, 'last-modified': lastModified, 'cache-control': cacheControl, expires } = headers;
  const tag = etag === undefined ? undefined : parseEntityTag(etag);
  if (tag === undefined || lastModified === undefined) return undefined;
  return {
    etag: tag,
    lastModified: new Date(lastModified),
    cacheControl,
    expires: expires === undefined ? undefined : new Date(expires),
  };
}

/** The error of a storage that could not answer, with what the SDK threw as its cause. */
export function toStoreError(operation: string, error: unknown): StoreError {
  if (isStoreError(error)) return error;
  const { name, status } = describe(error);
  return storeError(
    toCode(name, status),
    `S3 ${operation} failed${status === undefined ? '' : ` with ${status}`}`,
    error,
  );
}

const THROTTLING = new Set([
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'RequestLimitExceeded',
]);

function toCode(name: string, status: number | undefined): StoreErrorCode {
  if (name === 'AbortError') return 'aborted';
  if (status === 429 || THROTTLING.has(name)) return 'throttled';
  if (status === 400 || status === 401 || status === 403 || status === 404) return 'denied';
  if (name === 'CredentialsProviderError') return 'denied';
  return status !== undefined && status >= 200 && status < 500 ? 'nonsense' : 'unavailable';
}

function describe(error: unknown): S3Error {
  if (!(error instanceof Error)) return { name: '', status: undefined, headers: {}, actualObjectSize: undefined };
  const status = numberAt(fieldOf(error, '$metadata'), 'httpStatusCode');
  const headers = fieldOf(fieldOf(error, '$response'), 'headers');
  const size = Number(fieldOf(error, 'ActualObjectSize') ?? Number.NaN);
  return {
    name: error.name,
    status,
    headers: isStringRecord(headers) ? headers : {},
    actualObjectSize: Number.isSafeInteger(size) && size >= 0 ? size : undefined,
  };
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function numberAt(value: unknown, name: string): number | undefined {
  const field = fieldOf(value, name);
  return typeof field === 'number' ? field : undefined;
}

function isStringRecord(value: unknown): value is Readonly<Record<string, string>> {
  return (
    typeof value === 'object' && value !== null && Object.values(value).every((field) => typeof field === 'string')
  );
}
