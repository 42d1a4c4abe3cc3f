/** How the S3 server of the tests knows them. */
export const identity = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'rangeway', secretAccessKey: 'rangeway-secret' },
} as const;
