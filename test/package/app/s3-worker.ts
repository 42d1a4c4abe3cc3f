import { S3Client } from '@aws-sdk/client-s3';
import { env } from 'cloudflare:workers';
import { s3Store } from 'rangeway/s3';
import { createApp } from './app.ts';

declare global {
  namespace Cloudflare {
    interface Env {
      readonly ENDPOINT: string;
    }
  }
}

const client = new S3Client({
  endpoint: env.ENDPOINT,
  region: 'us-east-1',
  forcePathStyle: true,
  credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
  responseChecksumValidation: 'WHEN_REQUIRED',
});

export default createApp({ store: s3Store(client, { bucket: 'bucket' }) });
