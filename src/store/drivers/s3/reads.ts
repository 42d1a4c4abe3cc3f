/** A request of the S3 API for an object. */
export interface S3Request {
  readonly method: 'GET' | 'HEAD';
  readonly key: string;
  readonly fields: S3RequestFields;
  readonly version?: string | undefined;
  /** Parameters of a listing. Its key is empty. */
  readonly query?: Readonly<Record<string, string>> | undefined;
  /** Whether checksum mode is on. Its field is signed, as S3 demands of all fields of its own. */
  readonly hasChecksums?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The header fields of a request, names in lower case. None of them is signed. */
export type S3RequestFields = { readonly 'accept-encoding': string } & {
  readonly [Name in ConditionalField]?: string | undefined;
};

/** The header fields that make a request conditional or a range request. */
export type ConditionalField = 'range' | 'if-match' | 'if-none-match' | 'if-modified-since' | 'if-unmodified-since';

/** The field that turns on checksum mode, in which S3 reports the checksums of an object. */
export const CHECKSUM_MODE: S3Fields = { 'x-amz-checksum-mode': 'ENABLED' };

/** The header fields of a response, names in lower case. */
export type S3Fields = Readonly<Record<string, string>>;

/** A response with an object: 200 or 206. */
export interface S3Response {
  readonly type: 'object';
  readonly status: number;
  readonly fields: S3Fields;
  /** Absent for HEAD. */
  readonly body: ReadableStream<Uint8Array> | undefined;
}

/** A response without an object: any other status. The response to a HEAD has no body, so its `code` is empty. */
export interface S3Refusal {
  readonly type: 'refusal';
  readonly status: number;
  readonly fields: S3Fields;
  /** The error code of S3, such as `NoSuchKey`; empty if there is none. */
  readonly code: string;
  /** In bytes. AWS sends it with a 416, Ceph does not. */
  readonly actualObjectSize: number | undefined;
  /** Whether a 403 is about the time of the signature. AWS sends it with the code `AccessDenied`. */
  readonly isTimeError: boolean;
  /** The error message and the storage's request id, for the log. */
  readonly message: string;
}

/**
 * A way to read the objects of one bucket: by presigned URLs or by the SDK's commands.
 *
 * Rejects with the errors of the HTTP client, the SDK or its credentials.
 *
 * @param count is called for each request that is sent
 */
export type S3Reads = (request: S3Request, count: () => void) => Promise<S3Response | S3Refusal>;

/** Clock skew that is tolerated, in ms. AWS accepts signatures that are up to 15 minutes old or early. */
const MAX_CLOCK_SKEW = 300_000;

/** Returns whether a response may refuse the signature: an expired URL gets the same 403 as a forbidden object. */
export function mayRefuseSignature({ status }: Pick<S3Refusal, 'status'>): boolean {
  return status === 400 || status === 401 || status === 403;
}

/**
 * Measures the clock skew: how far the storage's clock is ahead of the gateway's, by the Date of a response.
 *
 * @param known the skew that was used for the request, in ms
 * @returns ms, or `undefined` if there is no Date, or the skew differs from `known` by at most 5 minutes
 */
export function newClockSkew(date: Date | undefined, known: number): number | undefined {
  if (date === undefined) return undefined;
  const skew = date.getTime() - Date.now();
  return Math.abs(skew - known) > MAX_CLOCK_SKEW ? skew : undefined;
}
