import { createHash } from 'node:crypto';
import { finding, responsesOf, type Evidence, type Finding } from './evidence.ts';
import type { CheckResponse } from './exchange.ts';

/** Fields with a digest, those of RFC 9530 first. */
const FIELDS = [
  'Repr-Digest',
  'Content-Digest',
  'Digest',
  'Content-MD5',
  'X-Amz-Checksum-SHA256',
  'X-Amz-Checksum-CRC64NVME',
  'X-Goog-Hash',
] as const;

/** The algorithms that can be compared here, by their names in RFC 9530. */
const ALGORITHMS: Readonly<Record<string, string>> = { 'sha-256': 'sha256', 'sha-512': 'sha512' };

/** Whether digests are sent, and right (RFC 9530). */
export function checkDigests(evidence: Evidence): Finding {
  const { first } = evidence;
  const sent = FIELDS.filter((name) => first.fields.has(name.toLowerCase()));
  if (sent.length === 0) return finding('warning', 'none', "clients can't verify a file by the response");
  const [range] = responsesOf(evidence, ['range']);
  if (range?.status === 206) {
    const whole = first.fields.get('repr-digest');
    const partial = range.fields.get('repr-digest');
    if (whole !== undefined && partial !== undefined && whole !== partial)
      return finding('fault', 'a 206 has another Repr-Digest', 'it is of the whole, so clients reject what is right');
    const content = first.fields.get('content-digest');
    if (
      content !== undefined &&
      content === range.fields.get('content-digest') &&
      evidence.subject.size !== range.body.length
    )
      return finding(
        'fault',
        'a 206 has the Content-Digest of the whole',
        'it has to be of the part, so clients reject what is right',
      );
  }
  const wrong = ['repr-digest', 'content-digest'].find((name) => isWrong(first, name));
  if (wrong !== undefined) return finding('fault', `a wrong ${wrong}`, 'clients that verify reject every download');
  return finding('ok', sent.join(', '), 'clients can verify a file');
}

/** @returns `false` too if the object is too long to be read here, or the algorithm is another one */
function isWrong({ fields, body, end }: CheckResponse, name: string): boolean {
  // The digest of a representation includes its coding, which Repr-Digest and the bytes share.
  if (end !== 'complete') return false;
  return [...(fields.get(name) ?? '').matchAll(/([\w-]+)=:([\w+/=]*):/g)].some(([, key = '', value]) => {
    const algorithm = ALGORITHMS[key.toLowerCase()];
    return algorithm !== undefined && createHash(algorithm).update(body).digest('base64') !== value;
  });
}
