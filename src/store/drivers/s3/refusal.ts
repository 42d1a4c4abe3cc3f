import type { BodilessResult } from '../../object-store.ts';
import { isStoreError, storeError, type StoreError, type StoreErrorCode } from '../../store-error.ts';
import { toMetadata304 } from './metadata.ts';
import type { S3Refusal, S3Request } from './reads.ts';
import { redact, redactedError } from './redact.ts';
import type { TransportAnswer } from './transport.ts';

/** Far more than S3 writes into one. In bytes. */
const MAX_DOCUMENT = 16 * 1024;

/** Reads a refusal to its end, so that its connection can be used again. */
export async function readRefusal({ status, fields, body }: TransportAnswer): Promise<S3Refusal> {
  return parseRefusal(status, fields, body === undefined ? '' : await readText(body));
}

/** @param text the XML document that S3 writes into an answer without an object; may be empty */
export function parseRefusal(status: number, fields: S3Refusal['fields'], text: string): S3Refusal {
  const size = Number(/<ActualObjectSize>(\d{1,16})<\/ActualObjectSize>/.exec(text)?.[1] ?? Number.NaN);
  return {
    type: 'refusal',
    status,
    fields,
    code: valueOf(text, 'Code'),
    actualObjectSize: Number.isSafeInteger(size) ? size : undefined,
    isUntimely: /<(ServerTime|X-Amz-Expires)>/.test(text),
    said: [valueOf(text, 'Message'), valueOf(text, 'RequestId')].filter((value) => value !== '').join(', request '),
  };
}

/** Of a few flat elements, written by the storage itself: no reason for a parser of XML, which workerd has not. */
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
    // The status is there, and says enough.
  }
  await reader.cancel().catch(() => undefined);
  return text;
}

/** A refusal that is an answer; `undefined` for what is an error. */
export function toBodiless(refusal: S3Refusal, forbidden: 'missing' | 'denied'): BodilessResult | undefined {
  const { status, code, fields, actualObjectSize } = refusal;
  switch (status) {
    case 304:
      return { type: 'unmodified', metadata: toMetadata304(fields) };
    case 404:
      // A bucket that is not there is a mistake of ours, and no object of it is merely missing.
      return code === 'NoSuchBucket' ? undefined : { type: 'missing' };
    case 400:
      return code === 'InvalidObjectName' || code === 'KeyTooLongError' ? { type: 'missing' } : undefined;
    case 403:
      return forbidden === 'missing' && isOfObject(refusal) ? { type: 'missing' } : undefined;
    case 412:
      return { type: 'version-changed' };
    case 416:
      return { type: 'unsatisfiable', size: actualObjectSize };
    default:
      return undefined;
  }
}

/**
 * Whether a 403 may be about the object. Other codes are about our credentials, our clock or the storage class
 * (InvalidAccessKeyId, SignatureDoesNotMatch, RequestTimeTooSkewed, InvalidObjectState): the object may well be there.
 */
function isOfObject({ code, isUntimely }: S3Refusal): boolean {
  return (code === '' || code === 'AccessDenied') && !isUntimely;
}

/** The code of S3's error for a GET of an object whose storage class has to be restored first; HEAD succeeds. */
const IS_ARCHIVED = 'InvalidObjectState';

/** The error of a storage that would not answer. */
export function refusalError(method: S3Request['method'], { status, code, said }: S3Refusal): StoreError {
  const cause = code === '' ? undefined : Object.assign(new Error(said), { name: code });
  return storeError(toCode(status, code), `S3 ${OPERATIONS[method]} failed with ${status}`, cause);
}

const OPERATIONS = { GET: 'GetObject', HEAD: 'HeadObject' } as const;

/** The error of a storage that could not be reached. Its cause is what was thrown, without the address's signature. */
export function reachError({ method, signal }: Pick<S3Request, 'method' | 'signal'>, error: unknown): StoreError {
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
  if (code === IS_ARCHIVED) return 'archived';
  if (status === 429 || THROTTLING.has(code)) return 'throttled';
  if (status === 400 || status === 401 || status === 403 || status === 404) return 'denied';
  return status >= 200 && status < 500 ? 'invalid-response' : 'unavailable';
}
