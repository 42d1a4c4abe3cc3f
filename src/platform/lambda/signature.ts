import { createHash, createHmac } from 'node:crypto';

/** What AWS lends to the role of a function. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** With temporary credentials, as a role's are. */
  readonly sessionToken?: string | undefined;
}

/** A POST to the root of a service's endpoint, which is all that AWS's JSON protocols send. */
export interface SignableRequest {
  /** As the field Host has it, with a port that is not the scheme's own. */
  readonly host: string;
  readonly region: string;
  /** The service's name in signatures. */
  readonly service: string;
  /** Fields beside those that a signature adds; names in lower case, values without spaces at the ends or in a row. */
  readonly fields: Readonly<Record<string, string>>;
  readonly body: string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

/**
 * Signs a request with AWS Signature Version 4, all of its fields included.
 *
 * @param at when the request is sent; AWS refuses a signature that is more than 5 minutes off
 * @returns the fields to send, without Host
 */
export function signRequest(request: SignableRequest, credentials: Credentials, at: Date): Record<string, string> {
  const { host, region, service, fields, body } = request;
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
  const canonical = ['POST', '/', '', lines, names, sha256(body)].join('\n');
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
