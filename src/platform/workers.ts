import { env } from 'cloudflare:workers';
import { createGateway } from '../gateway/gateway.ts';
import { parseSettings, type SettingsInput } from '../gateway/settings.ts';
import { r2Store } from '../store/drivers/r2.ts';
import { nativeConduit } from './native-conduit.ts';

/** The Worker's bindings: the bucket, and the settings as a TOML table in wrangler.toml. */
declare global {
  namespace Cloudflare {
    interface Env {
      readonly BUCKET: R2Bucket;
      readonly RANGEWAY?: SettingsInput;
    }
  }
}

if (env.BUCKET === undefined) throw new Error('wrangler.toml has to bind an R2 bucket as BUCKET');

// At start, so that a deployment with wrong settings is refused instead of failing its first client.
export default createGateway({
  ...parseSettings(env.RANGEWAY ?? {}),
  store: r2Store(env.BUCKET),
  conduit: nativeConduit,
});
