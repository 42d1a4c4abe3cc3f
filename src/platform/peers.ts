import { settingsError } from '../base/settings-error.ts';
import { errorCode } from '../base/error-code.ts';

/**
 * Node's message for a missing peer dependency, and the command that installs it. Only the message names the package.
 */
const PEERS = [
  {
    message: /^Cannot find package '@(?:aws-sdk|smithy)\//,
    advice:
      'reading S3 needs the AWS SDK, which is not installed: npm install @aws-sdk/client-s3 @aws-sdk/s3-request-presigner',
  },
  { message: /^Cannot find package 'hono'/, advice: 'this needs hono, which is not installed: npm install hono' },
] as const;

/**
 * Runs a function that imports peer dependencies, which may not be installed.
 *
 * @throws SettingsError with the command that installs the missing one; any other error unchanged
 */
export async function withPeers<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || errorCode(error) !== 'ERR_MODULE_NOT_FOUND') throw error;
    const peer = PEERS.find(({ message }) => message.test(error.message));
    throw peer === undefined ? error : settingsError(peer.advice);
  }
}
