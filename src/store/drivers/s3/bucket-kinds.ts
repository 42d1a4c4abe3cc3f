/**
 * Returns whether a bucket needs another signature than SigV4 with the client's credentials. AWS documents the names of
 * such buckets: directory buckets (S3 Express One Zone) and their access points use session credentials; multi-region
 * access points and S3 on Outposts use SigV4a.
 *
 * @param bucket a name, an alias or an ARN
 */
export function needsSessionOrSigV4a(bucket: string): boolean {
  return /--xa?-s3$/.test(bucket) || needsSigV4a(bucket);
}

/** In the ARN of a multi-region access point, the region is empty and the alias ends with `.mrap`. */
function needsSigV4a(bucket: string): boolean {
  return (
    /^arn:[^:]*:s3::[^:]*:accesspoint[/:][^/:]+\.mrap$/.test(bucket) ||
    /^arn:[^:]*:s3-outposts:/.test(bucket) ||
    bucket.endsWith('--op-s3')
  );
}

/** Returns the error message for a bucket that has no presigned URLs. */
export function commandsNeededMessage(bucket: string): string {
  return `${bucket} can't be read by addresses that are presigned with SigV4: it is a directory bucket, a multi-region access point or on Outposts, or the client adds signed fields; set reads to "commands"`;
}
