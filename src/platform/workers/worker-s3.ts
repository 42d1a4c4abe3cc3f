import type { S3Client } from '@aws-sdk/client-s3';
import { env } from 'cloudflare:workers';
import { parseConfig, type StoreConfig } from '../../config/config.ts';
import { createGateway } from '../../gateway/create-gateway.ts';
import { r2Store } from '../../store/drivers/r2.ts';
import { fetchTransport } from '../../store/drivers/s3/fetch-transport.ts';
import type { ObjectStore } from '../../store/object-store.ts';
import { withRetry } from '../../store/wrappers/with-retry.ts';
import { nativeBodyPipe } from './native-body-pipe.ts';
import { openConfig } from '../open-config.ts';
import { assertNoFallback } from '../no-fallback.ts';
import { openJwt } from '../open-jwt.ts';
import { makeS3Client, REQUEST_TIMEOUT, type S3Access } from '../s3/make-s3-client.ts';
import { openS3Store, toS3Source, type S3Source } from '../s3/s3-source.ts';
import { openBinding, workerAddress, workerCache, workerSecret } from './worker-env.ts';

export { Blocks } from './worker-env.ts';

/** The variables and secrets of a Worker over S3; docs/deploying.md says how they are set. */
declare global {
  namespace Cloudflare {
    interface Env {
      readonly S3_BUCKET?: string;
      readonly S3_PREFIX?: string;
      readonly S3_ENDPOINT?: string;
      readonly S3_REGION?: string;
      /** `true` for storages that want the bucket in the path. */
      readonly S3_PATH_STYLE?: boolean | string;
      readonly AWS_ACCESS_KEY_ID?: string;
      readonly AWS_SECRET_ACCESS_KEY?: string;
    }
  }
}

function required(name: 'S3_BUCKET' | 'AWS_ACCESS_KEY_ID' | 'AWS_SECRET_ACCESS_KEY'): string {
  const value = env[name];
  if (value === undefined || value === '')
    throw new Error(`the Worker needs ${name}: a variable in wrangler.toml, or a secret`);
  return value;
}

/** An empty one is none, so that a variable can be there for all environments. */
const endpoint = env.S3_ENDPOINT === '' ? undefined : env.S3_ENDPOINT;

const access = {
  endpoint,
  region: env.S3_REGION,
  pathStyle: String(env.S3_PATH_STYLE) === 'true',
  credentials: { accessKeyId: required('AWS_ACCESS_KEY_ID'), secretAccessKey: required('AWS_SECRET_ACCESS_KEY') },
};

/** Sends what is presigned. */
const transport = fetchTransport({ timeout: REQUEST_TIMEOUT });

/** Its handler sends commands, where a store reads by them. */
function connect(reached: S3Access): S3Client {
  return makeS3Client(reached, {
    requestTimeout: REQUEST_TIMEOUT,
    throwOnRequestTimeout: true,
    customFetch: plainFetch,
  });
}

/** As the transport does: bytes as they are stored, and a redirect as an answer. */
const plainFetch: typeof fetch = (request, init) =>
  fetch(request, { ...init, encodeResponseBody: 'manual', redirect: 'manual' });

/** A store that is reached with the platform's `fetch`. */
function overFetch(source: S3Source): ObjectStore {
  return openS3Store(source, connect(source.access), transport);
}

const defaultPrefix = env.S3_PREFIX ?? '';

assertNoFallback(env);

function defaultStore(): ObjectStore {
  return overFetch({ access, bucket: required('S3_BUCKET'), prefix: defaultPrefix });
}

/** Other buckets are read with the same keys, and reached as the first unless the mount says otherwise. */
function open(store: StoreConfig): ObjectStore | undefined {
  switch (store.type) {
    case 's3':
      return overFetch(toS3Source(store, access));
    case 'r2':
      return withRetry(r2Store(openBinding(store.binding)));
    case 'dir':
      return undefined;
  }
}

/** The same gateway over S3. A Worker of its own, so that one over R2 carries neither the SDK nor jose. */
export default createGateway({
  ...openConfig(parseConfig(env.RANGEWAY ?? {}), {
    defaultStore,
    defaultPrefix,
    open,
    secret: workerSecret,
    cache: workerCache,
    jwt: openJwt,
    // S3's bodies come over a network, and break. R2's come from inside, and stay out of JavaScript unless set.
    defaults: { resume: true },
  }),
  bodyPipe: nativeBodyPipe,
  clientAddress: workerAddress,
});
