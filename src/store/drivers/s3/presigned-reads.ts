import type { PresignedUrls } from './presigned-urls.ts';
import { toDate } from './metadata.ts';
import {
  CHECKSUM_MODE,
  newClockSkew,
  mayRefuseSignature,
  type S3Reads,
  type S3Refusal,
  type S3Request,
  type S3Response,
} from './reads.ts';
import { readRefusal } from './refusal.ts';
import type { Transport } from './transport.ts';

/**
 * Reads by plain requests to presigned URLs. A GetObject by the SDK's command takes three to four times the CPU.
 *
 * A response that refuses the signature is not final: if the URL has expired or a clock is wrong, S3 sends the same
 * AccessDenied as for a forbidden object. So if the URL was cached, or the storage's clock differs, the request is sent
 * once more with a new signature for the storage's time. The storage's clock is used for later requests only if that
 * signature is accepted, because a proxy may have set the Date.
 */
export function presignedReads(addresses: PresignedUrls, transport: Transport): S3Reads {
  /** Added to the gateway's clock for the time of a signature, in ms. */
  let clockSkew = 0;

  async function send(request: S3Request, url: string): Promise<S3Response | S3Refusal> {
    const { method, signal, hasChecksums = false } = request;
    const fields = defined({ ...request.fields, 'user-agent': 'rangeway', ...(hasChecksums ? CHECKSUM_MODE : {}) });
    const response = await transport({ method, url, fields, signal });
    const { status } = response;
    if (status === 200 || status === 206) return { type: 'object', ...response };
    return readRefusal(response);
  }

  return async (request, count) => {
    const usedSkew = clockSkew;
    const { url, wasCached } = await addresses.take(request, usedSkew);
    count();
    const first = await send(request, url);
    if (first.type === 'object' || !mayRefuseSignature(first)) return first;
    addresses.drop(request);
    const newSkew = newClockSkew(toDate(first.fields['date']), usedSkew);
    if (newSkew === undefined && !wasCached) return first;
    const renewedUrl = await addresses.renew(request, newSkew ?? usedSkew);
    count();
    const second = await send(request, renewedUrl);
    if (second.type === 'refusal' && (mayRefuseSignature(second) || second.status >= 500)) addresses.drop(request);
    else if (newSkew !== undefined) {
      // All cached URLs are signed for the wrong time, also those that were made during this request.
      clockSkew = newSkew;
      addresses.clear();
    }
    return second;
  };
}

/** Removes the fields without a value. */
function defined(fields: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const present: Record<string, string> = {};
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) present[name] = value;
  return present;
}
