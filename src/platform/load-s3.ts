import { settingsError } from '../config/settings-error.ts';
import { errorCode } from '../error-code.ts';
import type * as s3Parts from './s3-storage.ts';

/** The modules that read S3 on Node. */
export type S3Parts = typeof s3Parts;

/**
 * Loads the modules that read S3. They need the AWS SDK, an optional peer dependency: a gateway over folders or R2 runs
 * without it.
 *
 * @throws SettingsError with the command that installs the SDK, where it is missing
 */
export function loadS3(): Promise<S3Parts> {
  return withSdk(() => import('./s3-storage.ts'));
}

/**
 * Loads modules that need the AWS SDK.
 *
 * @throws SettingsError with the command that installs the SDK, where it is missing
 */
export async function withSdk<Module>(load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    throw isMissingSdk(error) ? settingsError(MISSING) : error;
  }
}

const MISSING =
  'reading S3 needs the AWS SDK, which is not installed: npm install @aws-sdk/client-s3 @aws-sdk/s3-request-presigner';

/** Node names the package in the message alone. */
function isMissingSdk(error: unknown): boolean {
  if (!(error instanceof Error) || errorCode(error) !== 'ERR_MODULE_NOT_FOUND') return false;
  return /package '@(?:aws-sdk|smithy)\//.test(error.message);
}
