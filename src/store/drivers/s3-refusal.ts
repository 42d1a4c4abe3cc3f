import type { BodilessResult } from '../object-store.ts';
import { isStoreError, storeError, type StoreError, type StoreErrorCode } from '../store-error.ts';
import { toWebStream } from './s3-body.ts';
import { toMetadata304 } from './s3-metadata.ts';
import type { S3Answer, S3Request } from './s3-wire.ts';

/** An answer without an object. Statuses decide: a HEAD has no body, so its refusals have no code. */
export interface S3Refusal extends Pick<S3Answer, 'status' | 'headers'> {
  readonly type: 'refusal';
  /** Such as `NoSuchKey`; empty where there is none. */
  readonly code: string;
  /** In bytes; AWS tells it with a 416, Ceph does not. */
  readonly actualObjectSize: number | undefined;
  /** What it says, and the storage's own id of the request; for the log. */
  readonly said: string;
}

/** Far more than S3 writes into one. In bytes. */
const MAX_DOCUMENT = 16 * 1024;

/** Reads what an answer says. To its end, so that its connection can be used again. */
export async function readRefusal({ status, headers, body }: S3Answer): Promise<S3Refusal> {
  const text = body === undefined || body === null ? '' : await readText(toWebStream(body));
  const size = Number(/<ActualObjectSize>(\d{1,16})<\/ActualObjectSize>/.exec(text)?.[1] ?? Number.NaN);
  return {
    type: 'refusal',
    status,
    headers,
    code: valueOf(text, 'Code'),
    actualObjectSize: Number.isSafeInteger(size) ? size : undefined,
    said: [valueOf(text, 'Message'), valueOf(text, 'RequestId')].filter((value) => value !== '').join(', request '),
  };
}

/** Of a few flat elements, written by the storage itself: no reason for a parser of XML, which workerd has not. */
function valueOf(text: string, element: 'Code' | 'Message' | 'RequestId'): string {
  return new RegExp(`<${element}>([^<]{1,300})</${element}>`).exec(text)?.[1] ?? '';
}

async function readText(body: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = '';
  try {
    while (text.length < MAX_DOCUMENT) {
      const { done, value } = await reader.read();
      if (done) return text;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    // The status is there, and says enough.
  }
  await reader.cancel().catch(() => undefined);
  return text;
}

/** A refusal that is an answer; `undefined` for what is an error. */
export function toBodiless(refusal: S3Refusal, forbidden: 'missing' | 'denied'): BodilessResult | undefined {
  const { status, code, headers, actualObjectSize } = refusal;
  // Sent as a 403. The object is there, so it is not missing, whatever another 403 means.
  if (code === IS_ARCHIVED) return undefined;
  switch (status) {
    case 304:
      return { type: 'unmodified', metadata: toMetadata304(headers) };
    case 404:
      // A bucket that is not there is a mistake of ours, and no object of it is merely missing.
      return code === 'NoSuchBucket' ? undefined : { type: 'missing' };
    case 400:
      return code === 'InvalidObjectName' || code === 'KeyTooLongError' ? { type: 'missing' } : undefined;
    case 403:
      return forbidden === 'missing' && code !== CLOCK_IS_OFF ? { type: 'missing' } : undefined;
    case 412:
      return { type: 'changed' };
    case 416:
      return { type: 'unsatisfiable', size: actualObjectSize };
    default:
      return undefined;
  }
}

/** The code of S3's error for a GET of an object whose storage class has to be restored first; HEAD succeeds. */
const IS_ARCHIVED = 'InvalidObjectState';

/** What S3 says to a signature of another time. */
export const CLOCK_IS_OFF = 'RequestTimeTooSkewed';

/** The error of a storage that would not answer. */
export function refusalError(method: S3Request['method'], { status, code, said }: S3Refusal): StoreError {
  const cause = code === '' ? undefined : Object.assign(new Error(said), { name: code });
  return storeError(toCode(status, code), `S3 ${OPERATIONS[method]} failed with ${status}`, cause);
}

const OPERATIONS = { GET: 'GetObject', HEAD: 'HeadObject' } as const;

/** The error of a storage that could not be reached, with what the SDK threw as its cause. */
export function reachError(method: S3Request['method'], error: unknown): StoreError {
  if (isStoreError(error)) return error;
  const name = error instanceof Error ? error.name : '';
  const code = name === 'AbortError' ? 'aborted' : name === 'CredentialsProviderError' ? 'denied' : 'unavailable';
  return storeError(code, `S3 ${OPERATIONS[method]} failed`, error);
}

const THROTTLING = new Set([
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'RequestLimitExceeded',
]);

function toCode(status: number, code: string): StoreErrorCode {
  if (code === IS_ARCHIVED) return 'archived';
  if (status === 429 || THROTTLING.has(code)) return 'throttled';
  if (status === 400 || status === 401 || status === 403 || status === 404) return 'denied';
  return status >= 200 && status < 500 ? 'nonsense' : 'unavailable';
}
