import { GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { storeError } from '../../store-error.ts';
import { toWebStream } from './body.ts';
import { toDate } from './metadata.ts';
import {
  newClockDifference,
  refusesSignature,
  type S3Answer,
  type S3Fields,
  type S3Reads,
  type S3Refusal,
  type S3Request,
} from './reads.ts';
import { parseRefusal } from './refusal.ts';

/**
 * Reads by GetObjectCommand and HeadObjectCommand through the client's own stack: its middleware, request handler,
 * retries, sessions and kinds of signatures. The answer's fields are taken as they came, since the SDK's own parser
 * refuses an object for a stored date that is none.
 */
export function commandReads(client: S3Client, bucket: string): S3Reads {
  return async (request, count) => {
    const first = await send(client, bucket, request, count);
    if (first.type === 'answer' || !refusesSignature(first)) return first;
    // The SDK has corrected its clock by the answer's Date, and may not have been left a try to use it.
    const isClockOff = newClockDifference(toDate(first.fields['date']), 0) !== undefined;
    return isClockOff ? send(client, bucket, request, count) : first;
  };
}

async function send(
  client: S3Client,
  bucket: string,
  request: S3Request,
  count: () => void,
): Promise<S3Answer | S3Refusal> {
  const head: { latest?: RawAnswer | undefined } = {};
  const countRetries = (attempts = 1) => {
    for (let i = 1; i < attempts; i++) count();
  };
  count();
  try {
    const { Body: body, $metadata: metadata } = await sendCommand(client, bucket, request, head);
    countRetries(metadata.attempts);
    const { latest } = head;
    if (latest === undefined)
      throw storeError('invalid-response', "a middleware of the client's answered without a storage");
    return {
      type: 'answer',
      status: latest.status,
      fields: latest.fields,
      body: body === undefined ? undefined : toWebStream(body),
    };
  } catch (error) {
    countRetries(attemptsOf(error));
    return toAnswer(bucket, error, head.latest);
  }
}

interface RawAnswer {
  readonly status: number;
  readonly fields: S3Fields;
  readonly body: object | undefined;
}

type Output = { readonly Body?: object | undefined; readonly $metadata: { readonly attempts?: number | undefined } };

function sendCommand(
  client: S3Client,
  bucket: string,
  { method, key, fields, version, signal }: S3Request,
  head: { latest?: RawAnswer | undefined },
): Promise<Output> {
  const object = { Bucket: bucket, Key: key, ...(version === undefined ? {} : { VersionId: version }) };
  const options = signal === undefined ? {} : { abortSignal: signal };
  const listen = listener(fields, head);
  if (method === 'HEAD') {
    const command = new HeadObjectCommand(object);
    command.middlewareStack.add(listen, CLOSEST);
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
  command.middlewareStack.add(listen, CLOSEST);
  return client.send(command, options);
}

/** Where a middleware sees the request last and its answer first, before the SDK parses it. */
const CLOSEST = { name: 'rangewayAnswer', step: 'deserialize', priority: 'low' } as const;

/**
 * Makes a middleware that notes the answer as it came. Accept-Encoding is added here, behind the signature: a proxy that
 * changes a signed field breaks it.
 */
function listener(fields: S3Request['fields'], head: { latest?: RawAnswer | undefined }) {
  return <Args extends { readonly request: unknown }, Result extends { readonly response: unknown }>(
    next: (args: Args) => Promise<Result>,
  ) =>
    async (args: Args): Promise<Result> => {
      head.latest = undefined;
      const headers = isObject(args.request) ? args.request['headers'] : undefined;
      if (isObject(headers)) headers['accept-encoding'] = fields['accept-encoding'];
      const result = await next(args);
      head.latest = toRawAnswer(result.response);
      return result;
    };
}

function toRawAnswer(response: unknown): RawAnswer | undefined {
  if (!isObject(response) || typeof response['statusCode'] !== 'number') return undefined;
  const fields: Record<string, string> = {};
  const headers = response['headers'];
  if (isObject(headers))
    for (const [name, value] of Object.entries(headers))
      if (typeof value === 'string') fields[name.toLowerCase()] = value;
  const body = response['body'];
  return { status: response['statusCode'], fields, body: isObject(body) ? body : undefined };
}

/** @throws the error where it is of no answer */
function toAnswer(bucket: string, error: unknown, raw: RawAnswer | undefined): S3Answer | S3Refusal {
  // The SDK's parser puts the answer that it could not make an output of into its error.
  const isOfParser = isObject(error) && '$response' in error;
  if (raw === undefined || !isOfParser) {
    if (raw?.body !== undefined)
      void toWebStream(raw.body)
        .cancel()
        .catch(() => undefined);
    throw isOfSigV4a(error) ? needsSigV4a(bucket, error) : error;
  }
  const { status, fields, body } = raw;
  if (status === 200 || status === 206) {
    return { type: 'answer', status, fields, body: body === undefined ? undefined : toWebStream(body) };
  }
  return toRefusal(error, raw);
}

/** The error of the SDK's exceptions, and of an XML document that could not be parsed: in workerd there is no DOMParser. */
function toRefusal(error: Readonly<Record<string, unknown>>, { status, fields }: RawAnswer): S3Refusal {
  const response = error['$response'];
  const text = isObject(response) && typeof response['body'] === 'string' ? response['body'] : '';
  const parsed = parseRefusal(status, fields, text);
  if (parsed.code !== '' || !('$fault' in error)) return parsed;
  const size = Number(error['ActualObjectSize'] ?? Number.NaN);
  const name = String(error['name']);
  return {
    ...parsed,
    // The names that the SDK has for answers without a document.
    code: name === 'Unknown' || name === 'NotFound' || name === String(status) ? '' : name,
    actualObjectSize: Number.isSafeInteger(size) ? size : undefined,
    isUntimely: 'ServerTime' in error || 'X-Amz-Expires' in error,
    said: String(error['message']),
  };
}

/** The SDK has no name for it: only its text tells that the signer of SigV4a is not there. */
function isOfSigV4a(error: unknown): boolean {
  return error instanceof Error && /sigv4a/i.test(error.message);
}

function needsSigV4a(bucket: string, cause: unknown): Error {
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
