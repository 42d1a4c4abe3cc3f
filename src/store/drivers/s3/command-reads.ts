import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { storeError } from '../../store-error.ts';
import { toWebStream } from './body.ts';
import { toDate } from './metadata.ts';
import {
  CHECKSUM_MODE,
  newClockSkew,
  mayRefuseSignature,
  type S3Response,
  type S3Fields,
  type S3Reads,
  type S3Refusal,
  type S3Request,
} from './reads.ts';
import { parseRefusal } from './refusal.ts';

/**
 * Reads by GetObjectCommand and HeadObjectCommand through the client's own stack: its middleware, request handler,
 * retries, sessions and signatures. The fields of the response are taken as they were received, because the SDK's
 * parser rejects an object if a stored date is not valid.
 */
export function commandReads(client: S3Client, bucket: string): S3Reads {
  return async (request, count) => {
    const first = await send(client, bucket, request, count);
    if (first.type === 'object' || !mayRefuseSignature(first)) return first;
    // The SDK has corrected its clock by the response's Date, but may have had no try left to use it.
    const isClockWrong = newClockSkew(toDate(first.fields['date']), 0) !== undefined;
    return isClockWrong ? send(client, bucket, request, count) : first;
  };
}

async function send(
  client: S3Client,
  bucket: string,
  request: S3Request,
  count: () => void,
): Promise<S3Response | S3Refusal> {
  const received: Received = {};
  const countRetries = (attempts = 1) => {
    for (let i = 1; i < attempts; i++) count();
  };
  count();
  try {
    const { Body: parsed, $metadata: metadata } = await sendCommand(client, bucket, request, received);
    countRetries(metadata.attempts);
    const { response } = received;
    const body = request.query === undefined ? parsed : response?.body;
    if (response === undefined)
      throw storeError('invalid-response', "a middleware of the client's answered without a storage");
    return {
      type: 'object',
      status: response.status,
      fields: response.fields,
      body: body === undefined ? undefined : toWebStream(body),
    };
  } catch (error) {
    countRetries(attemptsOf(error));
    return fromError(bucket, error, received.response);
  }
}

/** A response as it was received. */
interface RawResponse {
  readonly status: number;
  readonly fields: S3Fields;
  readonly body: object | undefined;
}

/** The last response to a command, after all retries of the SDK. */
interface Received {
  response?: RawResponse | undefined;
}

type Output = {
  readonly Body?: object | undefined;

  readonly $metadata: { readonly attempts?: number | undefined };
};

function sendCommand(
  client: S3Client,
  bucket: string,
  { method, key, fields, version, query, signal, hasChecksums = false }: S3Request,
  received: Received,
): Promise<Output> {
  const object = { Bucket: bucket, Key: key, ...(version === undefined ? {} : { VersionId: version }) };
  const options = signal === undefined ? {} : { abortSignal: signal };
  const middleware = responseRecorder(fields, received, query !== undefined);
  if (query !== undefined) {
    const command = new ListObjectsV2Command({
      Bucket: bucket,
      EncodingType: 'url',
      Prefix: query['prefix'],
      Delimiter: query['delimiter'],
      ContinuationToken: query['continuation-token'],
      MaxKeys: Number(query['max-keys']),
    });
    command.middlewareStack.add(middleware, CLOSEST);
    return client.send(command, options);
  }
  if (method === 'HEAD') {
    const command = new HeadObjectCommand(object);
    command.middlewareStack.add(middleware, CLOSEST);
    if (hasChecksums) command.middlewareStack.add(checksumMode, BEFORE_SIGNING);
    return client.send(command, options);
  }
  const command = new GetObjectCommand({
    ...object,
    Range: fields.range,
    IfMatch: fields['if-match'],
    IfNoneMatch: fields['if-none-match'],
    IfModifiedSince: toDate(fields['if-modified-since']),
    IfUnmodifiedSince: toDate(fields['if-unmodified-since']),
  });
  command.middlewareStack.add(middleware, CLOSEST);
  if (hasChecksums) command.middlewareStack.add(checksumMode, BEFORE_SIGNING);
  return client.send(command, options);
}

/** The position in which a middleware adds fields that are signed. */
const BEFORE_SIGNING = { name: 'rangewayChecksumMode', step: 'build' } as const;

/** Adds the field itself: with the member ChecksumMode, the SDK would also hash the body and compare. */
function checksumMode<Args extends { readonly request: unknown }, Result>(next: (args: Args) => Promise<Result>) {
  return (args: Args): Promise<Result> => {
    const headers = isObject(args.request) ? args.request['headers'] : undefined;
    if (isObject(headers)) Object.assign(headers, CHECKSUM_MODE);
    return next(args);
  };
}

/**
 * The position in which a middleware is the last one to see a request and the first one to see its response, before the
 * SDK parses it.
 */
const CLOSEST = { name: 'rangewayAnswer', step: 'deserialize', priority: 'low' } as const;

/**
 * Makes a middleware that records the response as it was received. It also adds Accept-Encoding, after the signature is
 * made: if the field were signed, a proxy that changes it would break the signature.
 */
function responseRecorder(fields: S3Request['fields'], received: Received, isList: boolean) {
  return <Args extends { readonly request: unknown }, Result extends { readonly response: unknown }>(
    next: (args: Args) => Promise<Result>,
  ) =>
    async (args: Args): Promise<Result> => {
      received.response = undefined;
      const headers = isObject(args.request) ? args.request['headers'] : undefined;
      if (isObject(headers)) headers['accept-encoding'] = fields['accept-encoding'];
      const result = await next(args);
      received.response = toRawResponse(result.response);
      // A listing is read by this driver. The SDK gets an empty document, because it can't parse one in workerd.
      if (isList && received.response?.status === 200) return { ...result, response: withoutBody(result.response) };
      return result;
    };
}

function withoutBody<Response>(response: Response): Response {
  return isObject(response) ? { ...response, body: undefined } : response;
}

function toRawResponse(response: unknown): RawResponse | undefined {
  if (!isObject(response) || typeof response['statusCode'] !== 'number') return undefined;
  const fields: Record<string, string> = {};
  const headers = response['headers'];
  if (isObject(headers))
    for (const [name, value] of Object.entries(headers))
      if (typeof value === 'string') fields[name.toLowerCase()] = value;
  const body = response['body'];
  return { status: response['statusCode'], fields, body: isObject(body) ? body : undefined };
}

/**
 * Returns the response that the SDK's parser rejected.
 *
 * @throws the error itself if it is not from the parser
 */
function fromError(bucket: string, error: unknown, raw: RawResponse | undefined): S3Response | S3Refusal {
  // The SDK's parser puts a response that it rejects into its error.
  const isParserError = isObject(error) && '$response' in error;
  if (raw === undefined || !isParserError) {
    if (raw?.body !== undefined)
      void toWebStream(raw.body)
        .cancel()
        .catch(() => undefined);
    throw isSigV4aMissing(error) ? sigV4aError(bucket, error) : error;
  }
  const { status, fields, body } = raw;
  if (status === 200 || status === 206) {
    return { type: 'object', status, fields, body: body === undefined ? undefined : toWebStream(body) };
  }
  return toRefusalResponse(error, raw);
}

/**
 * Makes the refusal of an exception of the SDK, or of an XML document that the SDK could not parse, because workerd has
 * no DOMParser.
 */
function toRefusalResponse(error: Readonly<Record<string, unknown>>, { status, fields }: RawResponse): S3Refusal {
  const response = error['$response'];
  const text = isObject(response) && typeof response['body'] === 'string' ? response['body'] : '';
  const parsed = parseRefusal(status, fields, text);
  if (parsed.code !== '' || !('$fault' in error)) return parsed;
  const size = Number(error['ActualObjectSize'] ?? Number.NaN);
  const name = String(error['name']);
  return {
    ...parsed,
    // For a response without a document, the SDK uses these names.
    code: name === 'Unknown' || name === 'NotFound' || name === String(status) ? '' : name,
    actualObjectSize: Number.isSafeInteger(size) ? size : undefined,
    isTimeError: 'ServerTime' in error || 'X-Amz-Expires' in error,
    message: String(error['message']),
  };
}

/** Returns whether the signer of SigV4a is not installed. This error of the SDK has no name of its own, only a text. */
function isSigV4aMissing(error: unknown): boolean {
  return error instanceof Error && /sigv4a/i.test(error.message);
}

function sigV4aError(bucket: string, cause: unknown): Error {
  return storeError(
    'denied',
    `${bucket} takes signatures of SigV4a, as multi-region access points and Outposts do: install @aws-sdk/signature-v4a and import it at start, or name a bucket behind it`,
    cause,
  );
}

function attemptsOf(error: unknown): number {
  const metadata = isObject(error) ? error['$metadata'] : undefined;
  return isObject(metadata) && typeof metadata['attempts'] === 'number' ? metadata['attempts'] : 1;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
