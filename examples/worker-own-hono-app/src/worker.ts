import { env } from 'cloudflare:workers';
import { r2Store } from 'rangeway';
import { nativeBodyPipe } from 'rangeway/workers';
import { createApp } from './app.ts';

declare global {
  namespace Cloudflare {
    interface Env {
      readonly BUCKET: R2Bucket;
    }
  }
}

export default createApp({ store: r2Store(env.BUCKET), bodyPipe: nativeBodyPipe });
