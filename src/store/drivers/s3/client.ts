import type { S3Client } from '@aws-sdk/client-s3';

/**
 * The members of an `S3Client` of @aws-sdk/client-s3 that the driver uses. This is not the class itself, because it has
 * private members: to TypeScript, a client of another copy or version of the SDK would be another type.
 */
export interface S3ClientLike {
  /** Passed to the presigner as its documentation says: `{ ...client.config }`. */
  readonly config: {
    /** Returns the credentials for signatures. The SDK caches them until they expire. */
    credentials(): Promise<S3Credentials>;
  };
  /** `getSignedUrl` clones it. */
  readonly middlewareStack: object;
  /** Sends GetObjectCommand and HeadObjectCommand, for `reads: "commands"`. */
  send(command: object, options?: object): Promise<object>;
}

/** Credentials for the signatures of AWS. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/**
 * Checks that a value is a client of version 3 of the SDK.
 *
 * @throws TypeError if it is not
 */
export function assertS3Client(client: S3ClientLike): asserts client is S3Client {
  if (isS3Client(client)) return;
  throw new TypeError('s3Store takes a client of @aws-sdk/client-s3: new S3Client({ … })');
}

/** JavaScript callers may pass any value, so the members are checked. */
function isS3Client(client: S3ClientLike): boolean {
  return (
    typeof client.send === 'function' &&
    typeof client.config?.credentials === 'function' &&
    typeof client.middlewareStack === 'object' &&
    'clone' in client.middlewareStack
  );
}
