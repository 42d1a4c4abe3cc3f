import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getEndpointFromInstructions } from '@smithy/core/endpoints';
import { escapeUriPath } from '@smithy/core/protocols';
import { HttpRequest } from '@smithy/core/transport';
import { storeError } from '../store-error.ts';
import type { S3Body } from './s3-body.ts';
import { toDate } from './s3-metadata.ts';
import { rememberSignatures } from './s3-signatures.ts';

/** A request of S3's API for an object. */
export interface S3Request {
  readonly method: 'GET' | 'HEAD';
  readonly key: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly version?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Its answer, whatever the status. */
export interface S3Answer {
  readonly type: 'answer';
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: S3Body | undefined;
}

/** Sends requests for the objects of one bucket. Throws what the SDK's handler or its credentials throw. */
export type S3Wire = (request: S3Request) => Promise<S3Answer>;

/**
 * Sends with the client's own parts (endpoint rules, credentials, signer, connections, timeouts) and without its
 * commands: those take three to four times the CPU of the rest, 600 to 900 µs a request against 200, for building and
 * parsing what is a few header fields here. Ranges and conditions are not signed: see {@link rememberSignatures}.
 */
export function s3Wire({ config }: S3Client, bucket: string): S3Wire {
  const target = once(() => locate(config, bucket));
  const sign = rememberSignatures(config, async (request, signingDate) => {
    const { signer, scheme } = await target();
    const { headers } = await signer.sign(request, {
      signingDate,
      signingRegion: scheme.region,
      signingService: scheme.service,
    });
    return headers;
  });
  return async ({ method, key, headers, version, signal }) => {
    const { url } = await target();
    const request = {
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: `${url.pathname.replace(/\/$/, '')}/${escapeUriPath(key)}`,
      query: version === undefined ? {} : { versionId: version },
      ...(url.port === '' ? {} : { port: Number(url.port) }),
    };
    // Neither a key nor a version that is encoded has a space.
    const signed = await sign(
      `${method} ${request.path} ${version === undefined ? '' : `?${encodeURIComponent(version)}`}`,
      () => new HttpRequest({ ...request, headers: { host: url.host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } }),
    );
    const { response } = await config.requestHandler.handle(
      new HttpRequest({ ...request, headers: { ...headers, ...signed, 'user-agent': 'rangeway' } }),
      signal === undefined ? {} : { abortSignal: signal },
    );
    return { type: 'answer', status: response.statusCode, headers: response.headers, body: response.body };
  };
}

/**
 * Takes the storage's clock for right. A signature of another time is refused, and nothing else can be done about it.
 *
 * @returns whether the clock was off, so that another try is worth it
 */
export function correctClock({ config }: S3Client, { headers }: S3Answer): boolean {
  const theirs = toDate(headers['date']);
  if (theirs === undefined) return false;
  const offset = theirs.getTime() - Date.now();
  const isOff = Math.abs(offset - config.systemClockOffset) > 60_000;
  if (isOff) config.systemClockOffset = offset;
  return isOff;
}

async function locate(config: S3Client['config'], bucket: string) {
  const { url, properties } = await getEndpointFromInstructions({ Bucket: bucket, Key: 'key' }, GetObjectCommand, {
    ...config,
  });
  const [scheme] = properties?.['authSchemes'] ?? [];
  if (scheme?.name !== 'sigv4') {
    throw storeError('denied', `buckets that take "${scheme?.name}" signatures are not supported, such as ${bucket}`);
  }
  const signer = await config.signer(scheme);
  return { url, signer, scheme: { region: scheme.signingRegion, service: scheme.signingName } };
}

/** Found out once; what fails is tried again with the next request. */
function once<Value>(find: () => Promise<Value>): () => Promise<Value> {
  let found: Promise<Value> | undefined;
  return () => {
    found ??= find().catch((error: unknown) => {
      found = undefined;
      throw error;
    });
    return found;
  };
}
