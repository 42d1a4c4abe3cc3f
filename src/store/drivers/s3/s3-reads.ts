import type { S3Client } from '@aws-sdk/client-s3';
import { isCommandsNeeded, presignedAddresses } from './addresses.ts';
import { needsOtherSignatures, takesCommands } from './bucket-kinds.ts';
import { commandReads } from './command-reads.ts';
import { presignedReads } from './presigned-reads.ts';
import type { S3Reads } from './reads.ts';
import type { Transport } from './transport.ts';

/**
 * The way in which a bucket is read. Where none is set, presigned addresses, except where they can't be: by the
 * bucket's name, as AWS documents it, or because the address that the SDK makes has more than a signature of SigV4.
 *
 * @throws TypeError for a bucket that has no presigned addresses, where they are set
 */
export function s3Reads(
  client: S3Client,
  bucket: string,
  way: 'presigned' | 'commands' | undefined,
  transport: Transport,
): S3Reads {
  if (way === 'presigned' && needsOtherSignatures(bucket)) throw new TypeError(takesCommands(bucket));
  if (way === 'commands' || needsOtherSignatures(bucket)) return commandReads(client, bucket);
  const presigned = presignedReads(presignedAddresses(client, bucket), transport);
  if (way === 'presigned') return presigned;
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
