import type { S3Client } from '@aws-sdk/client-s3';
import { env } from 'cloudflare:workers';
import { parseConfig } from '../../config/config.ts';
import type { StoreConfig } from '../../config/store-config.ts';
import { createGateway } from '../../gateway/create-gateway.ts';
import { r2Store } from '../../store/drivers/r2.ts';
import { fetchTransport } from '../../store/drivers/s3/fetch-transport.ts';
import type { ObjectStore } from '../../store/object-store.ts';
import { withRetry } from '../../store/wrappers/with-retry.ts';
import { nativeBodyPipe } from './native-body-pipe.ts';
import { openConfig } from '../open-config.ts';
import { settingsError } from '../../base/settings-error.ts';
import { assertNoFallback } from '../no-fallback.ts';
import { openJwt } from '../open-jwt.ts';
import { makeS3Client, REQUEST_TIMEOUT, type S3Access } from '../s3/make-s3-client.ts';
import { openS3Store, toS3Source, type S3Source } from '../s3/s3-source.ts';
import { openBinding, workerAddress, workerCache, workerMetrics, workerSecret, workerTransfers } from './worker-env.ts';

export { TransferShard } from './transfer-shard.ts';
export { Blocks } from './worker-env.ts';

/** The variables and secrets of a Worker over S3 (docs/start-cloudflare.md). */
declare global {
  namespace Cloudflare {
    interface Env {
      readonly S3_BUCKET?: string;
      readonly S3_PREFIX?: string;
      readonly S3_ENDPOINT?: string;
      readonly S3_REGION?: string;
      /** `true` if the storage needs the bucket in the path. */
      readonly S3_PATH_STYLE?: boolean | string;
      readonly AWS_ACCESS_KEY_ID?: string;
      readonly AWS_SECRET_ACCESS_KEY?: string;
    }
  }
}

function requiredBucket(): string {
  const { S3_BUCKET: bucket = '' } = env;
  if (bucket === '') throw settingsError('the Worker needs S3_BUCKET, a variable in its wrangler file');
  return bucket;
}

/** @throws an error with the name of those that the SDK throws without credentials, which are not retried */
function requiredSecret(name: 'AWS_ACCESS_KEY_ID' | 'AWS_SECRET_ACCESS_KEY'): string {
  const { [name]: value = '' } = env;
  if (value !== '') return value;
  const message = `the Worker needs ${name}, a secret: wrangler secret put sets it, and .dev.vars on your machine`;
  throw Object.assign(new Error(message), { name: 'CredentialsProviderError' });
}

/** An empty variable counts as not set, so that one file can declare it for all environments. */
const endpoint = env.S3_ENDPOINT === '' ? undefined : env.S3_ENDPOINT;

const access = {
  endpoint,
  region: env.S3_REGION,
  pathStyle: String(env.S3_PATH_STYLE) === 'true',
  credentials,
};

/**
 * Reads the secrets for each signature and not at the start, where workerd would print a stack if one is missing. Each
 * request is then answered with an error, and the log names the secret; wrangler.s3.toml requires both for a deployment.
 */
async function credentials() {
  return { accessKeyId: requiredSecret('AWS_ACCESS_KEY_ID'), secretAccessKey: requiredSecret('AWS_SECRET_ACCESS_KEY') };
}

/** Sends presigned reads. */
const transport = fetchTransport({ timeout: REQUEST_TIMEOUT });

/** Creates the client that signs requests, and that sends those of stores with `reads: "commands"`. */
function openClient(s3Access: S3Access): S3Client {
  return makeS3Client(s3Access, {
    requestTimeout: REQUEST_TIMEOUT,
    throwOnRequestTimeout: true,
    customFetch: plainFetch,
  });
}

/** Fetches as the transport does: no content coding is decoded, and no redirect is followed. */
const plainFetch: typeof fetch = (request, init) =>
  fetch(request, { ...init, encodeResponseBody: 'manual', redirect: 'manual' });

/** Opens a store that is read with the platform's `fetch`. */
function openStore(source: S3Source): ObjectStore {
  return openS3Store(source, openClient(source.access), transport);
}

const defaultPrefix = env.S3_PREFIX ?? '';

assertNoFallback(env);

function defaultStore(): ObjectStore {
  return openStore({ access, bucket: requiredBucket(), prefix: defaultPrefix });
}

/**
 * Opens the store of a mount. Another bucket has the same credentials, and the same endpoint unless the mount sets one.
 */
function open(store: StoreConfig): ObjectStore | undefined {
  switch (store.type) {
    case 's3':
      return openStore(toS3Source(store, access));
    case 'r2':
      return withRetry(r2Store(openBinding(store.binding)));
    case 'dir':
      return undefined;
  }
}

/** The gateway over S3. It is a separate Worker, so that the one over R2 contains neither the AWS SDK nor jose. */
export default createGateway({
  ...openConfig(parseConfig(env.RANGEWAY ?? {}), {
    defaultStore,
    defaultIndexes: (bucket = requiredBucket()) => openStore({ access, bucket }),
    defaultPrefix,
    open,
    secret: workerSecret,
    cache: workerCache,
    metrics: workerMetrics,
    ...workerTransfers,
    jwt: openJwt,
    // S3's bodies come over a network, and can break off. R2's come from the platform itself, and resuming would move
    // them into JavaScript.
    defaults: { resume: true },
  }),
  bodyPipe: nativeBodyPipe,
  clientAddress: workerAddress,
});
