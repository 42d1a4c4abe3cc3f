/**
 * Stores over S3 with your own client, on platforms other than Node.
 *
 * @example
 * import { S3Client } from '@aws-sdk/client-s3';
 * import { createGateway } from 'rangeway';
 * import { s3Store } from 'rangeway/s3';
 *
 * const client = new S3Client({ region: 'eu-west-1', responseChecksumValidation: 'WHEN_REQUIRED' });
 * export default createGateway({ store: s3Store(client, { bucket: 'releases' }) });
 */
export type { S3ClientLike } from '../../store/drivers/s3/client.ts';
export { s3Store, type S3Location, type S3StoreOptions } from '../../store/drivers/s3/s3-store.ts';
export type { Transport } from '../../store/drivers/s3/transport.ts';
