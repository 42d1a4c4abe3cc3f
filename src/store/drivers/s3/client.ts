import type { S3Client } from '@aws-sdk/client-s3';

/**
 * The members that are used of a client of @aws-sdk/client-s3. The class itself has private members, so that a client of another
 * copy or version of the SDK is no `S3Client` of this one to TypeScript.
 */
export interface S3ClientLike {
  /** Given to the presigner as its documentation says: `{ ...client.config }`. */
  readonly config: {
    /** Resolves to the credentials to sign with; the SDK keeps them until they expire. */
    credentials(): Promise<S3Credentials>;
  };
  /** Copied by `getSignedUrl`. */
  readonly middlewareStack: object;
  /** Sends GetObjectCommand and HeadObjectCommand, for `reads: "commands"`. */
  send(command: object, options?: object): Promise<object>;
}

/** Credentials of AWS's signatures. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** @throws TypeError for what is no client of the SDK's version 3 */
export function assertS3Client(client: S3ClientLike): asserts client is S3Client {
  if (isS3Client(client)) return;
  throw new TypeError('s3Store takes a client of @aws-sdk/client-s3: new S3Client({ … })');
}

/** Code without types may give anything. */
function isS3Client(client: S3ClientLike): boolean {
  return (
    typeof client.send === 'function' &&
    typeof client.config?.credentials === 'function' &&
    typeof client.middlewareStack === 'object' &&
    'clone' in client.middlewareStack
  );
}
