/** The variables of the Worker over a bucket of an S3 that takes any credentials. */
export function workerVariables(bucket: string, endpoint: string) {
  return {
    S3_BUCKET: bucket,
    S3_ENDPOINT: endpoint,
    S3_PATH_STYLE: true,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
}
