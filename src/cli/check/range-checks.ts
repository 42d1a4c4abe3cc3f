import { contentRange, parseContentRange, type Span } from '../../http/index.ts';
import { finding, judgeResponse, type Evidence, type Finding } from './evidence.ts';
import type { CheckResponse } from './exchange.ts';
import { parseParts } from './multipart-parts.ts';
import { contentLength, rangeSpan, suffixLength, twoSpans } from './probes.ts';

const EMPTY = 'the object is empty, so it has no ranges: check a larger one';
const NO_SIZE = 'the length of the object is not known';

/** Whether the complete length is told before the content. */
export function checkLength({ first, subject }: Evidence): Finding {
  const length = contentLength(first);
  if (length !== undefined)
    return finding('ok', `${length} bytes`, 'clients show progress, and see when a transfer is cut');
  if (subject.size !== undefined) {
    const seen = `no Content-Length; ${subject.size} bytes by Content-Range`;
    return finding('warning', seen, 'clients show no progress, and many take one stream only');
  }
  return finding('fault', 'no Content-Length', 'clients see neither progress nor where a cut transfer has to go on');
}

/** Whether ranges are announced. */
export function checkAcceptRanges(evidence: Evidence): Finding {
  const value = evidence.first.fields.get('accept-ranges')?.toLowerCase();
  const works = checkRange(evidence).level !== 'fault';
  if (value === 'bytes')
    return works
      ? finding('ok', 'bytes', 'clients know that they can ask for ranges')
      : finding('fault', 'bytes, but a range was not answered', 'clients try ranges in vain');
  const seen = value === undefined ? 'not sent' : JSON.stringify(value);
  return works
    ? finding('warning', seen, 'ranges work, but download managers and media players may not try them')
    : finding('warning', seen, 'clients do not try ranges');
}

/** A range in the middle. */
export function checkRange(evidence: Evidence): Finding {
  const span = rangeSpan(evidence.subject.size);
  return judgeResponse(evidence, 'range', EMPTY, (response) => {
    const wrong = wrongRange(evidence, response, span, 'an interrupted download starts over at its first byte');
    return wrong ?? finding('ok', `206 with bytes ${printSpan(span)}`, 'parts can be read, also several at a time');
  });
}

/** A range from an offset to the end, as clients ask for when they resume. */
export function checkOpenRange(evidence: Evidence): Finding {
  const { size } = evidence.subject;
  return judgeResponse(evidence, 'open', EMPTY, (response) => {
    const start = size === 1 ? 0 : 1;
    const told = parseContentRange(response.fields.get('content-range') ?? '');
    const end = size ?? told?.size ?? Infinity;
    if (response.status === 206 && told !== undefined && told.span.start === start && told.span.end < end) {
      const seen = `206, but only ${told.span.end - start} of ${end - start} bytes`;
      return finding('fault', seen, 'curl and others take the end of a short 206 for the end of the object');
    }
    const wrong = wrongRange(evidence, response, { start, end }, 'an interrupted download starts over');
    return wrong ?? finding('ok', `206 with bytes ${start}- to the end`, 'an interrupted download can go on');
  });
}

/** The last bytes. */
export function checkSuffix(evidence: Evidence): Finding {
  const { size } = evidence.subject;
  return judgeResponse(evidence, 'suffix', size === 0 ? EMPTY : NO_SIZE, (response) => {
    const length = suffixLength(size ?? 0);
    const span = { start: (size ?? 0) - length, end: size ?? 0 };
    const wrong = wrongRange(
      evidence,
      response,
      span,
      'readers of ZIP and Parquet files get the whole object',
      'warning',
    );
    return (
      wrong ?? finding('ok', `206 with the last ${length} bytes`, 'readers of ZIP and Parquet files get their index')
    );
  });
}

/** A range beyond the end. */
export function checkBeyondEnd(evidence: Evidence): Finding {
  const { size } = evidence.subject;
  return judgeResponse(evidence, 'beyond', NO_SIZE, ({ status, fields }) => {
    const told = fields.get('content-range');
    if (status === 416 && told === `bytes */${size}`)
      return finding('ok', `416 with bytes */${size}`, 'a client that has all bytes learns that it is complete');
    if (status === 416) {
      const seen = told === undefined ? '416 without the size' : `416 with Content-Range ${told}`;
      return finding('warning', seen, "a client can't tell a complete file from one that is too long");
    }
    if (status === 200)
      return finding('warning', '200', 'a client that has all bytes, and resumes, gets the whole object again');
    return finding('fault', `${status}`, 'a client that has all bytes, and resumes, takes this for a failure');
  });
}

/** Two ranges in one request. */
export function checkSeveralRanges(evidence: Evidence): Finding {
  const { size } = evidence.subject;
  return judgeResponse(evidence, 'several', 'the object is too short, or its length not known', (response) => {
    const { status, fields } = response;
    const spans = twoSpans(size) ?? [];
    if (status === 200) return finding('warning', '200', 'clients such as zsync and GDAL get the whole object instead');
    if (status !== 206)
      return finding(
        'fault',
        `${status}`,
        'clients that ask for several ranges fail; it may be ignored, but not refused',
      );
    const told = parseContentRange(fields.get('content-range') ?? '');
    if (told !== undefined && spans.every(({ start, end }) => told.span.start <= start && end <= told.span.end))
      return finding(
        'warning',
        `206 with one part, ${printSpan(told.span)}`,
        'both ranges in one part: more bytes than asked for',
      );
    if (!/^multipart\/byteranges\b/i.test(fields.get('content-type') ?? '')) {
      const seen = `206 with one part, ${fields.get('content-range') ?? 'without Content-Range'}`;
      return finding('fault', seen, 'clients that ask for several ranges get other bytes than they asked for');
    }
    const parts = parseParts(response);
    const isRight =
      parts.length === spans.length &&
      spans.every((span, i) => parts[i]?.range === contentRange(span, size ?? 0)) &&
      parts.every(({ bytes }) => bytes.length === 1) &&
      parts[0]?.bytes[0] === evidence.first.body[0];
    return isRight
      ? finding('ok', '206 multipart/byteranges with both', 'clients such as zsync and GDAL get all parts at once')
      : finding(
          'fault',
          `206 multipart/byteranges with parts ${parts.map(({ range }) => range).join(', ') || 'that can not be read'}`,
          'clients that ask for several ranges get other bytes',
        );
  });
}

/**
 * Judges a response to one range.
 *
 * @param ignored the consequence of a 200
 * @param level of a 200
 * @returns `undefined` if the response has exactly the bytes of the span
 */
function wrongRange(
  evidence: Evidence,
  response: CheckResponse,
  span: Span,
  ignored: string,
  level: 'fault' | 'warning' = 'fault',
): Finding | undefined {
  const { status, fields, body, end } = response;
  if (status === 200) return finding(level, '200: Range is ignored', ignored);
  if (status !== 206) return finding('fault', `${status} to a valid range`, 'clients take this for a failure');
  const value = fields.get('content-range');
  if (value === undefined)
    return finding('fault', '206 without Content-Range', "clients can't tell which bytes they get");
  const told = parseContentRange(value);
  const length = contentLength(response);
  if (/^bytes \d+-\d+\/\*$/.test(value) && value.startsWith(`bytes ${span.start}-`))
    return finding(
      'warning',
      `206 with Content-Range ${value}`,
      "clients can't see whether the object still has its length",
    );
  const isAsked =
    told !== undefined && told.span.start === span.start && (span.end === Infinity || told.span.end === span.end);
  if (!isAsked)
    return finding(
      'fault',
      `206 with Content-Range ${value}`,
      `other bytes than the ${printSpan(span)} that were asked for`,
    );
  const expected = told.span.end - told.span.start;
  if ((length !== undefined && length !== expected) || (end === 'complete' && body.length !== expected))
    return finding(
      'fault',
      `206 with ${length ?? body.length} bytes for ${value}`,
      'the bytes are not those of Content-Range',
    );
  if (end === 'broken') return finding('fault', '206 that was cut', 'the connection ended before the last byte');
  const whole = evidence.first.body.subarray(span.start, span.start + body.length);
  if (whole.length === body.length && !Buffer.from(whole).equals(body))
    return finding(
      'fault',
      `206 with Content-Range ${value}, and other bytes`,
      'parts do not fit together to the object',
    );
  return undefined;
}

function printSpan({ start, end }: Span): string {
  return `${start}-${end === Infinity ? '' : end - 1}`;
}
