import { bodyLength, printEntityTag, representationType, type HeaderList } from '../../src/http/index.ts';
import { expectedLength, must, type Decided } from './decided.ts';
import type { DecisionCase } from './decision-case.ts';

const IMF_FIXDATE = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;

/** §15.4.5. */
const OF_A_304 = new Set(['ETag', 'Last-Modified', 'Cache-Control', 'Expires']);

function valueOf(fields: HeaderList, name: string): string | undefined {
  return fields.find(([sent]) => sent === name)?.[1];
}

/** Checks the rules for the header fields of all responses. */
export function checkFields({ decision, fields }: Decided, { representation, now }: DecisionCase): void {
  const names = fields.map(([name]) => name);
  must(new Set(names).size === names.length, 'each field is there once');
  for (const [name, value] of fields) {
    must(/^[\t\x20-\x7e]+$/.test(value) && value === value.trim(), `${name} can be sent`);
  }
  const modified = valueOf(fields, 'Last-Modified');
  must(modified === undefined || IMF_FIXDATE.test(modified), 'Last-Modified is an IMF-fixdate');
  const expires = valueOf(fields, 'Expires');
  must(
    expires === undefined || IMF_FIXDATE.test(expires) || expires === representation.expires,
    'Expires is an IMF-fixdate, or no date and as it is stored',
  );
  must(modified === undefined || Date.parse(modified) <= now * 1000, 'Last-Modified is not later than Date');
  const { status } = decision;
  if (status === 412 || status === 416) return;
  const { etag } = representation;
  // One that is not ASCII is no tag that all platforms would print alike.
  const isSent = etag !== undefined && /^[!-~]*$/.test(etag.opaque);
  must(valueOf(fields, 'ETag') === (isSent ? printEntityTag(etag) : undefined), 'the tag is sent');
  must(/(?:^|, *)no-transform(?:,|$)/.test(valueOf(fields, 'Cache-Control') ?? ''), 'nobody may recode the bytes');
  if (status !== 304) return;
  must(
    names.every((name) => OF_A_304.has(name)),
    'a 304 tells nothing of the content (§15.4.5)',
  );
}

/** Lengths and ranges agree with each other and with the bytes that are sent. */
export function checkRangeFields({ decision, fields, spans }: Decided, { representation }: DecisionCase): void {
  const { size } = representation;
  const range = valueOf(fields, 'Content-Range');
  const length = valueOf(fields, 'Content-Length');
  if (decision.status === 416) must(range === `bytes */${size}`, 'a 416 tells the size (§15.5.17)');
  if (decision.status !== 200 && decision.status !== 206) {
    must(length === undefined, 'a length is printed of content alone');
    return;
  }
  const type = representationType(representation);
  const expected = expectedLength(decision, spans, size, type);
  must(length === String(expected), `Content-Length ${length} is ${expected}`);
  must(bodyLength(decision, representation) === expected, `the body has ${expected} bytes`);
  must(valueOf(fields, 'Accept-Ranges') === 'bytes', 'ranges are offered');
  const isMultipart = decision.status === 206 && decision.form === 'multipart';
  must(
    (valueOf(fields, 'Content-Type') ?? '').startsWith('multipart/byteranges; boundary=') === isMultipart,
    'parts are told from a whole by the type',
  );
  if (decision.status === 200 || isMultipart) {
    must(range === undefined, 'Content-Range is of one part');
    return;
  }
  const { start, end } = decision.form === 'single' ? decision.span : { start: Number.NaN, end: Number.NaN };
  // In full precision: near 2^53 a sum of numbers may be another one.
  must(range === `bytes ${BigInt(start)}-${BigInt(end) - 1n}/${BigInt(size)}`, `Content-Range ${range} is true`);
  must(BigInt(end) <= BigInt(size), 'the last position is inside');
}
