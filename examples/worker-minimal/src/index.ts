import { env } from 'cloudflare:workers';
import { createGateway, r2Store } from 'rangeway';
import { nativeBodyPipe } from 'rangeway/workers';

declare global {
  namespace Cloudflare {
    interface Env {
      readonly BUCKET: R2Bucket;
    }
  }
}

export default createGateway({
  store: r2Store(env.BUCKET),
  bodyPipe: nativeBodyPipe,
  cacheControl: 'public, max-age=3600',
});
