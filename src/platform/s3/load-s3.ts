import { withPeers } from '../peers.ts';
import type * as s3Parts from './s3-storage.ts';

/** The modules that read S3 on Node. */
export type S3Parts = typeof s3Parts;

/**
 * Imports the modules that read S3. They need the AWS SDK, an optional peer dependency: a gateway over folders or R2
 * runs without it.
 *
 * @throws SettingsError with the command that installs the SDK, if it is missing
 */
export function loadS3(): Promise<S3Parts> {
  return withPeers(() => import('./s3-storage.ts'));
}
