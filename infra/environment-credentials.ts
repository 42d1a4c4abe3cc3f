/** What the SDK signs with. */
interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/**
 * Stands in the bundle for the SDK's `@aws-sdk/credential-provider-node`, whose chain asks profiles, SSO, containers,
 * web identities and instances too. Lambda has the session credentials of the function's role in three variables, the
 * first that the chain asks, and they stay as they are for the life of the process.
 */
export function defaultProvider(): () => Promise<Credentials> {
  return async () => {
    const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = process.env;
    const { AWS_SESSION_TOKEN: sessionToken = '' } = process.env;
    if (accessKeyId === '' || secretAccessKey === '') {
      throw new Error('there are no credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set');
    }
    return { accessKeyId, secretAccessKey, ...(sessionToken === '' ? {} : { sessionToken }) };
  };
}
