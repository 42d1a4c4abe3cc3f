import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { checkDigests } from '../../../src/cli/check/digest-check.ts';
import { evidenceOf, printFinding } from './evidence-of.ts';

const digest = (text: string) => `sha-256=:${createHash('sha256').update(text).digest('base64')}:`;
const WHOLE = digest('0123456789');
const PART = digest('12345678');

test.for([
  [{}, {}, 'warning none'],
  [{ 'repr-digest': WHOLE }, { 'repr-digest': WHOLE }, 'ok Repr-Digest'],
  [{ 'repr-digest': WHOLE }, {}, 'ok Repr-Digest'],
  [{ 'repr-digest': WHOLE }, { 'repr-digest': PART }, 'fault a 206 has another Repr-Digest'],
  [{ 'content-digest': WHOLE }, { 'content-digest': PART }, 'ok Content-Digest'],
  [{ 'content-digest': WHOLE }, { 'content-digest': WHOLE }, 'fault a 206 has the Content-Digest of the whole'],
  [{ 'repr-digest': PART }, { 'repr-digest': PART }, 'fault a wrong repr-digest'],
  [{ 'repr-digest': `crc32=:AAAA:, ${WHOLE}` }, {}, 'ok Repr-Digest'],
  [{ 'repr-digest': 'other=:AAAA:' }, {}, 'ok Repr-Digest'],
  [{ digest: 'SHA-256=abc', 'x-amz-checksum-sha256': 'abc-3' }, {}, 'ok Digest, X-Amz-Checksum-SHA256'],
] as const)('%o, in a 206 %o', ([first, range, seen]) => {
  const evidence = evidenceOf({ first: { fields: first }, range: { status: 206, fields: range, body: '12345678' } });
  expect(printFinding(checkDigests(evidence))).toBe(seen);
});
