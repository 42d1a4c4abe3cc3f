import type { PresignedAddresses } from './addresses.ts';
import { toDate } from './metadata.ts';
import {
  newClockDifference,
  refusesSignature,
  type S3Answer,
  type S3Reads,
  type S3Refusal,
  type S3Request,
} from './reads.ts';
import { readRefusal } from './refusal.ts';
import type { Transport } from './transport.ts';

/**
 * Reads by plain requests to presigned addresses. A GetObject through the SDK's commands takes three to four times the
 * CPU of this: decision 0018.
 *
 * An answer that refuses the signature is not believed at once: S3 answers a stale address, and one of a clock that is
 * off, with the AccessDenied of a forbidden object. So the request is sent once more with a new signature, of the
 * storage's time, where the address was kept from before or the storage's clock differs. The storage's clock is taken
 * for right from then on only if that signature is accepted: the Date may be of a proxy.
 */
export function presignedReads(addresses: PresignedAddresses, transport: Transport): S3Reads {
  /** Is added to our clock for the time of a signature, in ms. */
  let difference = 0;

  async function send({ method, fields, signal }: S3Request, url: string): Promise<S3Answer | S3Refusal> {
    const answer = await transport({ method, url, fields: defined({ ...fields, 'user-agent': 'rangeway' }), signal });
    const { status } = answer;
    if (status === 200 || status === 206) return { type: 'answer', ...answer };
    return readRefusal(answer);
  }

  return async (request, count) => {
    const used = difference;
    const { url, isKept } = await addresses.take(request, used);
    count();
    const first = await send(request, url);
    if (first.type === 'answer' || !refusesSignature(first)) return first;
    addresses.drop(request);
    const theirs = newClockDifference(toDate(first.fields['date']), used);
    if (theirs === undefined && !isKept) return first;
    const anew = await addresses.renew(request, theirs ?? used);
    count();
    const second = await send(request, anew);
    if (second.type === 'refusal' && (refusesSignature(second) || second.status >= 500)) addresses.drop(request);
    else if (theirs !== undefined) {
      // The other addresses are of the wrong time, and so is what was signed meanwhile.
      difference = theirs;
      addresses.clear();
    }
    return second;
  };
}

function defined(fields: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const present: Record<string, string> = {};
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) present[name] = value;
  return present;
}
