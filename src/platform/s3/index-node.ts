/**
 * Stores over S3 on Node and Lambda.
 *
 * @example
 * import { createGateway, serve } from 'rangeway/node';
 * import { s3Storage } from 'rangeway/s3';
 *
 * const store = s3Storage({ bucket: 'releases', access: { region: 'eu-west-1' } });
 * await serve(createGateway({ store }), { port: 8080 });
 */
export { s3Client, s3Transport, type S3Access } from './s3-client.ts';
export { checkS3, s3Storage, type S3Check, type S3Source } from './s3-storage.ts';
export * from './index.ts';
