/** How to reach an S3 API. What is left out is found as the SDK finds it: environment, profile, role. */
export interface S3Access {
  readonly region?: string | undefined;
  /** Of a storage that is not AWS: `https://ACCOUNT.r2.cloudflarestorage.com`. */
  readonly endpoint?: string | undefined;
  /** Bucket in the path and not in the host's name; Ceph and MinIO mostly want it. */
  readonly pathStyle?: boolean | undefined;
  readonly credentials?:
    | { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string }
    | undefined;
  /** Tries of a request until its head is there, the first included. `s3Storage` heeds it. By default 3. */
  readonly attempts?: number | undefined;
  /** Until a connection stands, in ms. */
  readonly connectTimeout?: number | undefined;
  /** Until the head of the answer is there, in ms. */
  readonly requestTimeout?: number | undefined;
}
