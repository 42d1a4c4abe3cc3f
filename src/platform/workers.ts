import { env } from 'cloudflare:workers';
import { createGateway } from '../gateway/gateway.ts';
import { parseSettings, type SettingsInput } from '../gateway/settings.ts';
import { r2Store } from '../store/drivers/r2.ts';
import { withFallback } from '../store/fallback.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { withRetry } from '../store/retry.ts';
import { nativeConduit } from './native-conduit.ts';

/** The Worker's bindings: the bucket, and the settings as a TOML table in wrangler.toml. */
declare global {
  namespace Cloudflare {
    interface Env {
      readonly BUCKET: R2Bucket;
      /** A bucket that follows, read where the first is out of reach. */
      readonly FALLBACK?: R2Bucket;
      readonly RANGEWAY?: SettingsInput;
    }
  }
}

if (env.BUCKET === undefined) throw new Error('wrangler.toml has to bind an R2 bucket as BUCKET');

/** R2's binding, unlike an S3 client, tries nothing again by itself. */
function storage(bucket: R2Bucket): ObjectStore {
  return withRetry(r2Store(bucket));
}

// At start, so that a deployment with wrong settings is refused instead of failing its first client.
export default createGateway({
  ...parseSettings(env.RANGEWAY ?? {}),
  store: env.FALLBACK === undefined ? storage(env.BUCKET) : withFallback(storage(env.BUCKET), storage(env.FALLBACK)),
  conduit: nativeConduit,
});
