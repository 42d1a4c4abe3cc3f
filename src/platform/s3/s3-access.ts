/** The keys that requests are signed with. */
interface AccessKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** How an S3 API is reached. The SDK finds absent values itself, in the environment, a profile or a role. */
export interface S3Access {
  readonly region?: string | undefined;
  /** The endpoint of a storage other than AWS, such as `https://ACCOUNT.r2.cloudflarestorage.com`. */
  readonly endpoint?: string | undefined;
  /** Whether the bucket is in the path instead of the host name; Ceph and MinIO usually need it. */
  readonly pathStyle?: boolean | undefined;
  readonly credentials?: AccessKeys | (() => Promise<AccessKeys>) | undefined;
  /**
   * Attempts of a request until the head of its response is received, the first one included. Used by `s3Storage`. By
   * default 3.
   */
  readonly attempts?: number | undefined;
  /** Until a connection is open, in ms. By default 5 seconds. */
  readonly connectTimeout?: number | undefined;
  /** Until the head of the response is received, in ms. By default 15 seconds. */
  readonly requestTimeout?: number | undefined;
}
