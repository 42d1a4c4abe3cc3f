import type { S3Client } from '@aws-sdk/client-s3';
import { isCommandsNeeded, presignedUrls } from './presigned-urls.ts';
import { needsSessionOrSigV4a, commandsNeededMessage } from './bucket-kinds.ts';
import { commandReads } from './command-reads.ts';
import { presignedReads } from './presigned-reads.ts';
import type { S3Reads } from './reads.ts';
import type { Transport } from './transport.ts';

/**
 * Chooses how a bucket is read. The default is presigned URLs. The SDK's commands are used if the bucket's name
 * excludes presigned URLs, as AWS documents it, or if the URL that the SDK makes has more than a signature of SigV4.
 *
 * @param reads the choice of the settings; `undefined` for the default
 * @param transport sends the requests to presigned URLs
 * @throws TypeError if `reads` is `presigned` and the bucket's name excludes it
 */
export function s3Reads(
  client: S3Client,
  bucket: string,
  reads: 'presigned' | 'commands' | undefined,
  transport: Transport,
): S3Reads {
  if (reads === 'presigned' && needsSessionOrSigV4a(bucket)) throw new TypeError(commandsNeededMessage(bucket));
  if (reads === 'commands' || needsSessionOrSigV4a(bucket)) return commandReads(client, bucket);
  const presigned = presignedReads(presignedUrls(client, bucket), transport);
  if (reads === 'presigned') return presigned;
  let chosen = presigned;
  return async (request, count) => {
    try {
      return await chosen(request, count);
    } catch (error) {
      if (!isCommandsNeeded(error)) throw error;
      chosen = commandReads(client, bucket);
      return chosen(request, count);
    }
  };
}
