/**
 * Whether a bucket is read by another signature than SigV4 with the client's credentials, told by its name as AWS
 * documents it: a directory bucket (S3 Express One Zone) and its access points have sessions of their own; a
 * multi-region access point and S3 on Outposts take SigV4a.
 */
export function needsOtherSignatures(bucket: string): boolean {
  return /--xa?-s3$/.test(bucket) || takesSigV4a(bucket);
}

/** The ARN of a multi-region access point has no region, and an alias that ends with `.mrap`. */
function takesSigV4a(bucket: string): boolean {
  return (
    /^arn:[^:]*:s3::[^:]*:accesspoint[/:][^/:]+\.mrap$/.test(bucket) ||
    /^arn:[^:]*:s3-outposts:/.test(bucket) ||
    bucket.endsWith('--op-s3')
  );
}

/** Says that a bucket has no presigned addresses. */
export function takesCommands(bucket: string): string {
  return `${bucket} can't be read by addresses that are presigned with SigV4: it is a directory bucket, a multi-region access point or on Outposts, or the client adds signed fields; set reads to "commands"`;
}
