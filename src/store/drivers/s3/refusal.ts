import type { BodilessResult } from '../../object-store.ts';
import { isStoreError, storeError, type StoreError, type StoreErrorCode } from '../../store-error.ts';
import { toMetadata304 } from './metadata.ts';
import type { S3Refusal } from './reads.ts';
import { redact, redactedError } from './redact.ts';
import type { TransportResponse } from './transport.ts';

/** Characters of an error document that are read at most. The documents of S3 are far shorter. */
const MAX_DOCUMENT = 16 * 1024;

/** Reads a response without an object. Its body is read to the end, so that its connection can be reused. */
export async function readRefusal({ status, fields, body }: TransportResponse): Promise<S3Refusal> {
  return parseRefusal(status, fields, body === undefined ? '' : await readText(body));
}

/**
 * Parses a response without an object.
 *
 * @param text its body, the XML document of an S3 error; may be empty
 */
export function parseRefusal(status: number, fields: S3Refusal['fields'], text: string): S3Refusal {
  const size = Number(/<ActualObjectSize>(\d{1,16})<\/ActualObjectSize>/.exec(text)?.[1] ?? Number.NaN);
  return {
    type: 'refusal',
    status,
    fields,
    code: valueOf(text, 'Code'),
    actualObjectSize: Number.isSafeInteger(size) ? size : undefined,
    isTimeError: /<(ServerTime|X-Amz-Expires)>/.test(text),
    message: [valueOf(text, 'Message'), valueOf(text, 'RequestId')].filter((value) => value !== '').join(', request '),
  };
}

/** Reads the text of a flat element. An XML parser is not needed for it, and workerd has none. */
function valueOf(text: string, element: 'Code' | 'Message' | 'RequestId'): string {
  return redact(new RegExp(`<${element}>([^<]{1,300})</${element}>`).exec(text)?.[1] ?? '');
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
    // The status alone is sufficient.
  }
  await reader.cancel().catch(() => undefined);
  return text;
}

/**
 * Makes the result of a read from a refusal.
 *
 * @param forbidden the meaning of a 403
 * @returns `undefined` if the refusal is an error
 */
export function toBodiless(refusal: S3Refusal, forbidden: 'missing' | 'denied'): BodilessResult | undefined {
  const { status, code, fields, actualObjectSize } = refusal;
  switch (status) {
    case 304:
      return { type: 'unmodified', metadata: toMetadata304(fields) };
    case 404:
      // A missing bucket is an error of the configuration. Its objects must not appear as missing.
      return code === 'NoSuchBucket' ? undefined : { type: 'missing' };
    case 400:
      return code === 'InvalidObjectName' || code === 'KeyTooLongError' ? { type: 'missing' } : undefined;
    case 403:
      return forbidden === 'missing' && isAboutObject(refusal) ? { type: 'missing' } : undefined;
    case 412:
      return { type: 'version-changed' };
    case 416:
      return { type: 'unsatisfiable', size: actualObjectSize };
    default:
      return undefined;
  }
}

/**
 * Returns whether a 403 may be about the object. Other codes are about the credentials, the clock or the storage class
 * (InvalidAccessKeyId, SignatureDoesNotMatch, RequestTimeTooSkewed, InvalidObjectState), and the object may exist.
 */
function isAboutObject({ code, isTimeError }: S3Refusal): boolean {
  return (code === '' || code === 'AccessDenied') && !isTimeError;
}

/**
 * The code of S3 for a GET of an object that must be restored first, because of its storage class. A HEAD of it
 * succeeds.
 */
const ARCHIVED_CODE = 'InvalidObjectState';

/** Makes the error of a refusal that is no result. Its cause is S3's code and message. */
export function refusalError(method: S3Operation, { status, code, message }: S3Refusal): StoreError {
  const cause = code === '' ? undefined : Object.assign(new Error(message), { name: code });
  return storeError(toCode(status, code), `S3 ${OPERATIONS[method]} failed with ${status}`, cause);
}

type S3Operation = keyof typeof OPERATIONS;

const OPERATIONS = { GET: 'GetObject', HEAD: 'HeadObject', LIST: 'ListObjectsV2' } as const;

/**
 * Makes the error of a request that got no response. Its cause is the thrown error, without the signature of the URL.
 *
 * @returns `error` itself if it is a StoreError
 */
export function requestError(
  { method, signal }: { readonly method: S3Operation; readonly signal?: AbortSignal | undefined },
  error: unknown,
): StoreError {
  if (isStoreError(error)) return error;
  const name = error instanceof Error ? error.name : '';
  const message = `S3 ${OPERATIONS[method]} failed`;
  const cause = redactedError(error);
  if (signal?.aborted === true) return storeError('aborted', message, cause);
  if (name === 'CredentialsProviderError') {
    return storeError('denied', message, new Error('there are no credentials to sign with', { cause }));
  }
  return storeError('unavailable', message, cause);
}

const THROTTLING = new Set([
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'RequestLimitExceeded',
]);

function toCode(status: number, code: string): StoreErrorCode {
  if (code === ARCHIVED_CODE) return 'archived';
  if (status === 429 || THROTTLING.has(code)) return 'throttled';
  if (status === 400 || status === 401 || status === 403 || status === 404) return 'denied';
  return status >= 200 && status < 500 ? 'invalid-response' : 'unavailable';
}
