/** Files that are left out otherwise. */
export const HIDDEN = { name: 'hidden', help: 'names that begin with a dot too, such as .env and .git' } as const;

/** A bucket of S3. */
export const BUCKET = [
  { name: 's3', value: 'BUCKET', help: 'a bucket of S3; credentials from the environment' },
  { name: 'endpoint', value: 'URL', help: 'of a storage that is not AWS' },
  { name: 'region', value: 'R', help: '(default: AWS_REGION)' },
  { name: 'path-style', help: 'the bucket in the path; Ceph and MinIO mostly want it' },
] as const;

/** A bucket of S3, or the part below a prefix. */
export const S3 = [
  ...BUCKET,
  { name: 'prefix', value: 'P', help: 'put before every key, such as releases/', mayBeEmpty: true },
] as const;
