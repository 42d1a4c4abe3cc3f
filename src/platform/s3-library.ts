/**
 * Reads S3 with a client of one's own, where there is no Node:
 *
 * @example
 * import { S3Client } from '@aws-sdk/client-s3';
 * import { createGateway } from 'rangeway';
 * import { s3Store } from 'rangeway/s3';
 *
 * const client = new S3Client({ region: 'eu-west-1', responseChecksumValidation: 'WHEN_REQUIRED' });
 * export default createGateway({ store: s3Store(client, { bucket: 'releases' }) });
 */
export { s3Store, type S3Location } from '../store/drivers/s3.ts';
