import { env } from 'cloudflare:workers';
import { createGateway } from '../gateway/gateway.ts';
import { parseSettings } from '../gateway/settings.ts';
import { nativeConduit } from './native-conduit.ts';
import { s3Storage } from './s3-storage.ts';

/** The variables and secrets of a Worker over S3; docs/deploying.md says how they are set. */
declare global {
  namespace Cloudflare {
    interface Env {
      readonly S3_BUCKET?: string;
      readonly S3_PREFIX?: string;
      readonly S3_ENDPOINT?: string;
      readonly S3_REGION?: string;
      /** A bucket that follows, read where the first is out of reach. */
      readonly S3_FALLBACK_BUCKET?: string;
      readonly S3_FALLBACK_ENDPOINT?: string;
      readonly S3_FALLBACK_REGION?: string;
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
function optional(name: 'S3_ENDPOINT' | 'S3_FALLBACK_BUCKET' | 'S3_FALLBACK_ENDPOINT' | 'S3_FALLBACK_REGION') {
  return env[name] === '' ? undefined : env[name];
}

const access = {
  endpoint: optional('S3_ENDPOINT'),
  region: env.S3_REGION,
  pathStyle: String(env.S3_PATH_STYLE) === 'true',
  credentials: { accessKeyId: required('AWS_ACCESS_KEY_ID'), secretAccessKey: required('AWS_SECRET_ACCESS_KEY') },
};

const replica = optional('S3_FALLBACK_BUCKET');

/** The same gateway over S3. A Worker of its own, so that one over R2 does not carry the SDK. */
export default createGateway({
  // S3's bodies come over a network, and break. R2's come from inside, and stay out of JavaScript unless set.
  resume: true,
  ...parseSettings(env.RANGEWAY ?? {}),
  store: s3Storage(
    access,
    { bucket: required('S3_BUCKET'), prefix: env.S3_PREFIX ?? '' },
    replica === undefined
      ? undefined
      : { bucket: replica, endpoint: optional('S3_FALLBACK_ENDPOINT'), region: optional('S3_FALLBACK_REGION') },
  ),
  conduit: nativeConduit,
});
