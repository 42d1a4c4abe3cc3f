import { createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { settingsError } from '../../base/settings-error.ts';
import type { LinkTarget } from '../../config/size-limit.ts';

/** A key of a trusted key group of CloudFront. */
export interface CdnKey {
  /** CloudFront's id of the public key. */
  readonly id: string;
  readonly privateKey: KeyObject;
}

/** The path of the behaviour over the bucket. Everything below it needs a signature of CloudFront. */
export const OBJECT_PATH = '/.rangeway/object/';

/** The handling of Range by the edge function: ranges are answered, or the field is dropped, so that the answer is whole. */
export type CdnForm = 'range' | 'whole';

/** Stands for a part of the path that has no value. No version id and no disposition is written so. */
export const ABSENT = '-';

/** The size in bytes above which CloudFront sends no object in one response. */
const MAX_SIZE = 50 * 1024 ** 3;

/**
 * Parses a private key in PEM.
 *
 * @param name of the variable or secret, for the error message
 * @throws SettingsError without a part of the text, if it is no key that CloudFront accepts: ECDSA on P-256, or RSA of
 *   2048 bits
 */
export function parseCdnKey(name: string, id: string, pem: string): CdnKey {
  const privateKey = readPrivateKey(pem);
  const details = privateKey?.asymmetricKeyDetails;
  const isEcdsa = privateKey?.asymmetricKeyType === 'ec' && details?.namedCurve === 'prime256v1';
  const isRsa = privateKey?.asymmetricKeyType === 'rsa' && details?.modulusLength === 2048;
  if (privateKey !== undefined && (isEcdsa || isRsa)) return { id, privateKey };
  throw settingsError(`${name} is to hold a private key in PEM, of ECDSA on P-256 or of RSA with 2048 bits`);
}

function readPrivateKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    // The error may contain a part of the key.
    return undefined;
  }
}

/**
 * Makes the path of an object on the CDN. It holds the entity tag, and the version if the bucket keeps versions, so that
 * it always leads to the same bytes: `/.rangeway/object/FORM/TAG/VERSION/DISPOSITION/KEY`, each part percent-encoded.
 *
 * @param key with the prefix of the deployment
 * @returns `undefined` if the bytes can't be pinned, or if CloudFront does not send an object of this size
 */
export function cdnPath(
  form: CdnForm,
  key: string,
  { representation: { etag, version, size }, disposition }: LinkTarget,
): string | undefined {
  if (etag === undefined || etag.weak || etag.opaque === '' || size > MAX_SIZE) return undefined;
  // While the versions of a bucket are suspended, all objects have the version `null`, which is replaced.
  const pinned = version === 'null' ? undefined : version;
  const parts = [form, etag.opaque, pinned ?? ABSENT, disposition ?? ABSENT].map(encode);
  return `${OBJECT_PATH}${parts.join('/')}/${key.split('/').map(encode).join('/')}`;
}

/** Percent-encodes everything but the unreserved characters of RFC 3986 §2.3: CloudFront reads `*` and `?` as patterns. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/**
 * Signs a path for CloudFront, with a canned policy.
 *
 * @param host in the client's address, which the signature covers
 * @param path percent-encoded, without a query
 * @param expires when the address becomes invalid, in seconds since the epoch
 * @returns path and query, relative to the host
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-canned-policy.html
 */
export function signCdnPath({ id, privateKey }: CdnKey, host: string, path: string, expires: number): string {
  const resource = `https://${host}${path}`;
  // The exact text is signed: no white space, and the members in this order.
  const condition = { DateLessThan: { 'AWS:EpochTime': expires } };
  const policy = JSON.stringify({ Statement: [{ Resource: resource, Condition: condition }] });
  const signature = sign('sha256', Buffer.from(policy), privateKey).toString('base64');
  const query = {
    Expires: String(expires),
    Signature: signature.replaceAll('+', '-').replaceAll('=', '_').replaceAll('/', '~'),
    'Key-Pair-Id': id,
    'Hash-Algorithm': 'SHA256',
  };
  return `${path}?${Object.entries(query)
    .map(([name, value]) => `${name}=${value}`)
    .join('&')}`;
}
