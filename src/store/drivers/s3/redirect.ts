import { storeError, type StoreError } from '../../store-error.ts';
import type { S3Refusal } from './reads.ts';

/** Statuses that send a client elsewhere (§15.4). */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * The error of a storage that sends us elsewhere; `undefined` for any other answer. A redirect is not followed: the
 * signature is for the storage that was configured, and an address of another host could be any. The message names the
 * other host and no more of the address, whose query may hold a signature.
 */
export function redirectError({ status, code, fields, said }: S3Refusal): StoreError | undefined {
  if (!REDIRECTS.has(status)) return undefined;
  const cause = code === '' ? undefined : Object.assign(new Error(said), { name: code });
  return storeError(
    'denied',
    `S3 answered ${status}: it redirects to ${toOrigin(fields['location'])}, and redirects are not followed${advice(code, fields['x-amz-bucket-region'])}`,
    cause,
  );
}

/** S3 redirects requests for a bucket of another region: with an XML body, and to a HEAD with the region's name alone. */
function advice(code: string, region: string | undefined): string {
  if (region !== undefined && /^[a-z\d-]{1,40}$/.test(region)) {
    return `; the bucket is in the region ${region}: set the region, or the endpoint, to it`;
  }
  return code === 'PermanentRedirect' || code === 'TemporaryRedirect' || code === 'Redirect'
    ? '; the bucket is in another region: set the region, or the endpoint, to it'
    : '';
}

function toOrigin(location: string | undefined): string {
  if (location === undefined) return 'no address';
  const url = URL.canParse(location) ? new URL(location) : undefined;
  if (url !== undefined) return url.origin === 'null' ? `an address of ${url.protocol}` : url.origin;
  return location.startsWith('//') ? toOrigin(`https:${location}`) : 'another path of its own';
}
