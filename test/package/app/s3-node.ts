import { S3Client } from '@aws-sdk/client-s3';
import { serve } from 'rangeway/node';
import { s3Storage, s3Store } from 'rangeway/s3';
import { createApp } from './app.ts';

const { ENDPOINT = '' } = process.env;
const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };

/** A client of the app's own, in a store of its own, and one that the package makes. */
const client = new S3Client({
  endpoint: ENDPOINT,
  region: 'us-east-1',
  forcePathStyle: true,
  credentials,
  responseChecksumValidation: 'WHEN_REQUIRED',
});
for (const store of [
  s3Store(client, { bucket: 'bucket' }),
  s3Storage({ bucket: 'bucket', access: { endpoint: ENDPOINT, pathStyle: true, credentials } }),
]) {
  const { url } = await serve(createApp({ store }), { port: 0 });
  console.log(`${url}/files/`);
}
