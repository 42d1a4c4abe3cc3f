import { storeError, type StoreError } from '../../store-error.ts';
import type { S3Refusal } from './reads.ts';

/** Statuses of redirects (§15.4). */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Makes the error of a redirect. Redirects are not followed: the signature is valid only for the configured storage,
 * and the other host is not known to be trusted. The message contains the origin of the target and no more of its URL,
 * because a query may contain a signature.
 *
 * @returns `undefined` if the response is no redirect
 */
export function redirectError({ status, code, fields, message }: S3Refusal): StoreError | undefined {
  if (!REDIRECTS.has(status)) return undefined;
  const cause = code === '' ? undefined : Object.assign(new Error(message), { name: code });
  return storeError(
    'denied',
    `S3 answered ${status}: it redirects to ${toOrigin(fields['location'])}, and redirects are not followed${advice(code, fields['x-amz-bucket-region'])}`,
    cause,
  );
}

/**
 * Returns advice for a bucket of another region. S3 names the region in a field. If that is absent, the code of the XML
 * body shows that the region is wrong.
 */
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
