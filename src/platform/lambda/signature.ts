import { createHash, createHmac } from 'node:crypto';

/** The AWS credentials of a function's role. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** The token of temporary credentials, which a role has. */
  readonly sessionToken?: string | undefined;
}

/** A request without a query. By default a POST to the root of the endpoint, as AWS's JSON protocols send. */
export interface SignableRequest {
  readonly method?: 'GET' | 'POST';
  /** Consists of slashes and unreserved characters (RFC 3986 §2.3). */
  readonly path?: string;
  /** The value of the Host field, with the port if it is not the scheme's default. */
  readonly host: string;
  readonly region: string;
  /** The name of the service in signatures. */
  readonly service: string;
  /**
   * The fields to sign, without those that the signature adds. Names are in lower case; values have no leading,
   * trailing or consecutive spaces.
   */
  readonly fields: Readonly<Record<string, string>>;
  readonly body: string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

/**
 * Signs a request and all its fields with AWS Signature Version 4.
 *
 * @param at the time of the request; AWS refuses a signature whose time differs by more than 5 minutes
 * @returns the fields to send, without Host
 */
export function signRequest(request: SignableRequest, credentials: Credentials, at: Date): Record<string, string> {
  const { method = 'POST', path = '/', host, region, service, fields, body } = request;
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const time = at.toISOString().replace(/[-:]|\.\d+/g, '');
  const day = time.slice(0, 8);
  const sent = {
    ...fields,
    'x-amz-date': time,
    ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
  };
  const signed = Object.entries({ ...sent, host }).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const names = signed.map(([name]) => name).join(';');
  const lines = signed.map(([name, value]) => `${name}:${value}\n`).join('');
  const canonical = [method, path, '', lines, names, sha256(body)].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  const signature = hmac(key, [ALGORITHM, time, scope, sha256(canonical)].join('\n')).toString('hex');
  return {
    ...sent,
    authorization: `${ALGORITHM} Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
