import { createHash } from 'node:crypto';

import { boundaryOf, parseByteranges } from './multipart.ts';
import { parseImfFixdate } from './placeholders.ts';
import { count, forbid, type Invariant, type CheckedResponse, shown, unless } from './checked-response.ts';
import { valuesOf } from './wire.ts';

const isObject = ({ response: { status } }: CheckedResponse): boolean => status === 200 || status === 206;

const isMultipart = ({ response }: CheckedResponse): boolean =>
  response.status === 206 && count(response, 'content-range') === 0;

/** §8.6: a known length is sent; clients' progress bars and web seeds depend on it. */
const trueLength: Invariant = (seen) => {
  if (!isObject(seen)) return [];
  const { response, method } = seen;
  const [value = '', ...more] = valuesOf(response, 'content-length');
  const numeric = more.length === 0 && /^[0-9]+$/u.test(value);
  const length = response.body.length;
  return [
    ...unless(numeric, `§8.6: one numeric Content-Length; got ${shown(response, 'content-length')}`),
    ...unless(
      !numeric || method === 'HEAD' || Number(value) === length,
      `§8.6: Content-Length ${value}, but ${String(length)} bytes came`,
    ),
    ...forbid(response, 'CLIENTS.md: an object is never chunked', 'transfer-encoding'),
  ];
};

/** §8.8.3: without a strong, quoted tag nothing can be resumed. */
const strongTag: Invariant = (seen) => {
  if (!isObject(seen)) return [];
  const [value = '', ...more] = valuesOf(seen.response, 'etag');
  const strong = more.length === 0 && /^"[\x21\x23-\x7e\x80-\xff]*"$/u.test(value);
  return unless(strong, `§8.8.3: one strong, quoted ETag; got ${shown(seen.response, 'etag')}`);
};

/** §8.8.2.1: a date later than the message's own would make a weak validator look strong. */
const modifiedBeforeDate: Invariant = (seen) => {
  // A folder has no date that changes with each of its entries.
  if (!isObject(seen) || seen.isListing) return [];
  const { response } = seen;
  const [value = '', ...more] = valuesOf(response, 'last-modified');
  const modified = more.length === 0 ? parseImfFixdate(value) : undefined;
  const date = parseImfFixdate(valuesOf(response, 'date')[0] ?? '');
  if (modified === undefined) {
    const got = shown(response, 'last-modified');
    return [`§8.8.2: one Last-Modified, an IMF-fixdate; got ${got}`];
  }
  return unless(date === undefined || modified <= date, `§8.8.2.1: ${value} is later than Date`);
};

/** §14.3, RFC 9111 §5.2.2.6: offsets keep their meaning only if no intermediary transforms the bytes. */
const rangesOffered: Invariant = (seen) => {
  if (!isObject(seen)) return [];
  const { response } = seen;
  const cacheControl = valuesOf(response, 'cache-control').join(',');
  return [
    ...unless(
      valuesOf(response, 'accept-ranges').join() === 'bytes',
      `§14.3: Accept-Ranges: bytes; got ${shown(response, 'accept-ranges')}`,
    ),
    ...unless(
      /(?:^|,)\s*no-transform\s*(?:,|$)/iu.test(cacheControl),
      `RFC 9111 §5.2.2.6: no-transform; got ${shown(response, 'cache-control')}`,
    ),
  ];
};

/** Stored bytes may come from any uploader: a browser must not sniff them as a page. */
const noSniffing: Invariant = (seen) =>
  unless(
    !isObject(seen) || valuesOf(seen.response, 'x-content-type-options').join() === 'nosniff',
    `X-Content-Type-Options: nosniff; got ${shown(seen.response, 'x-content-type-options')}`,
  );

/** §15.3.7.1: one part has its range in the header, true to the byte. */
const singlePart: Invariant = (seen) => {
  const { response, fixture } = seen;
  if (response.status !== 206 || isMultipart(seen)) return [];
  const value = valuesOf(response, 'content-range').join(' | ');
  const [, first, last, size] = (/^bytes (\d+)-(\d+)\/(\d+)$/u.exec(value) ?? []).map(Number);
  if (first === undefined || last === undefined || size === undefined) {
    return [`§14.4: one Content-Range "bytes a-b/len"; got ${shown(response, 'content-range')}`];
  }
  const length = valuesOf(response, 'content-length').join();
  const [type = ''] = valuesOf(response, 'content-type');
  return [
    ...unless(first <= last && last < size, `§14.4: ${value} is impossible`),
    ...unless(String(last - first + 1) === length, `§14.4: ${value} with Content-Length ${length}`),
    ...unless(
      fixture === undefined || fixture.bytes.length === size,
      `§14.4: ${value}, but the object has ${String(fixture?.bytes.length)} bytes`,
    ),
    ...unless(!type.startsWith('multipart/'), `§15.3.7.1: one part, but it is ${type}`),
  ];
};

/** §15.3.7.2: several parts, in the one shape that every client in CLIENTS.md parses. */
const severalParts: Invariant = (seen) => {
  if (!isMultipart(seen) || seen.method === 'HEAD') return [];
  try {
    const boundary = boundaryOf(valuesOf(seen.response, 'content-type').join(' | '));
    const parts = parseByteranges(seen.response.body, boundary);
    return unless(parts.length > 1, '§15.3.7.2: multipart for a single range');
  } catch (error) {
    return [`§15.3.7.2: ${error instanceof Error ? error.message : String(error)}`];
  }
};

/** §15.4.5, §15.3.7: what the 200 would say of caching, a 304 and a 206 say too. */
const sameAsWhole: Invariant = ({ response, head, method }) => {
  if (head?.status !== 200 || ![200, 206, 304].includes(response.status)) return [];
  // §9.3.2: and the 200 says what HEAD says.
  const content = ['content-type', 'content-length', 'content-encoding', 'content-disposition'];
  const names = ['etag', 'cache-control', 'expires', 'vary', 'content-location'];
  if (response.status !== 304) names.push('repr-digest');
  if (response.status === 200) names.push(...content, 'last-modified');
  if (response.status === 206) names.push('last-modified', 'content-encoding', 'content-disposition');
  const what = `${method} ${String(response.status)}`;
  return names
    .filter((name) => valuesOf(head, name).join('\n') !== valuesOf(response, name).join('\n'))
    .map((name) => `§15: ${what} has ${shown(response, name)}; a plain HEAD has ${shown(head, name)}`);
};

const sha256 = (bytes: Uint8Array): string => `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;

/** RFC 9530 §2, §3: Content-Digest is of the message's content, Repr-Digest of the whole object. */
const trueDigests: Invariant = ({ method, response, fixture }) => {
  const check = (name: string, bytes: Uint8Array | undefined): readonly string[] =>
    valuesOf(response, name)
      .flatMap((line) => line.match(/sha-256=:[^:]*:/gu) ?? [])
      .filter((digest) => bytes !== undefined && digest !== sha256(bytes))
      .map((digest) => `RFC 9530: ${name} ${digest} is not of what was sent`);
  const content = method === 'HEAD' ? undefined : response.body;
  return [...check('content-digest', content), ...check('repr-digest', fixture?.bytes)];
};

/** RFC 9530 §2, §3: no digest of a range is known, and without a representation there is none of one. */
const noOtherDigests: Invariant = (seen) => [
  ...forbid(seen.response, 'RFC 9530: no digest of the content is known', 'content-digest'),
  ...(isObject(seen)
    ? []
    : forbid(seen.response, 'RFC 9530: a digest without a representation', 'repr-digest', 'digest')),
];

/** The rules for each 200 and 206 of an object, and those that a 304 shares with them. */
export const objectInvariants: readonly Invariant[] = [
  trueLength,
  strongTag,
  modifiedBeforeDate,
  rangesOffered,
  noSniffing,
  singlePart,
  severalParts,
  sameAsWhole,
  trueDigests,
  noOtherDigests,
];
