import { parseContentRange } from '../http/content-range.ts';
import { trimOws } from '../http/field-value.ts';
import { parseReprDigests, contradictDigests, type ReprDigest } from './repr-digest.ts';
import { parseRetryAfter } from './retry-delay.ts';
import { compareValidator, validatorOf, type FieldReader, type Validator } from './validator.ts';

/** The status and the fields of a response. */
export interface HttpHead {
  readonly status: number;
  readonly fields: FieldReader;
}

/** The version of the object whose bytes are kept. */
export interface Version {
  /** In bytes. `undefined` if only the end of the body tells it. */
  readonly size: number | undefined;
  readonly validator: Validator;
  /** Whether the response has a content coding. Its offsets are of coded bytes, so it is never continued. */
  readonly isCoded: boolean;
  readonly digests: readonly ReprDigest[];
}

/** The bytes that a request asks for. */
export type Asked =
  /** A request without Range. */
  | { readonly type: 'whole' }
  /** Half-open. Without `end`, all bytes from `start` on. */
  | { readonly type: 'range'; readonly start: number; readonly end: number | undefined };

/** The meaning of a response head for the download. */
export type Verdict =
  /** The body has the bytes from `start` to `end`; without `end`, until it ends. */
  | {
      readonly type: 'body';
      readonly start: number;
      readonly end: number | undefined;
      readonly version: Version;
      readonly isPartial: boolean;
    }
  /** The object has no bytes. */
  | { readonly type: 'empty'; readonly version: Version }
  /** The object is not the version whose bytes are kept. */
  | { readonly type: 'changed'; readonly reason: string }
  /** The response does not match the request. `isUnpinned` if it lacks the validator that earlier ones had. */
  | { readonly type: 'unusable'; readonly reason: string; readonly isUnpinned: boolean }
  /** The server asks for a later request. `retryAfter` in ms. */
  | {
      readonly type: 'busy';
      readonly status: number;
      readonly retryAfter: number | undefined;
      readonly isTooMany: boolean;
    }
  /** The address, or the right to read it, is no longer valid. */
  | { readonly type: 'expired'; readonly status: number }
  /** Another request would get the same response. */
  | { readonly type: 'refused'; readonly status: number };

/**
 * Judges the head of a response, before a byte of its body is used. Nothing that the server says about ranges and
 * versions is taken on trust: S3 has no If-Range, and answers 206 with the bytes of a new version.
 *
 * @param version whose bytes are kept; `undefined` before the first response
 * @param now in ms since the epoch
 */
export function judge(asked: Asked, version: Version | undefined, head: HttpHead, now: number): Verdict {
  const { status, fields } = head;
  switch (status) {
    case 200:
      return judgeWhole(asked, version, fields, now);
    case 206:
      return judgePartial(asked, version, fields, now);
    case 401:
    case 403:
    case 410:
      return { type: 'expired', status };
    case 408:
    case 425:
    case 429:
      return busy(head, now);
    case 412:
      return version === undefined ? unusable('412 without a condition') : changed('the server says so (412)');
    case 416:
      return judgeUnsatisfied(asked, version, fields);
    default:
      return status >= 500 && status !== 501 && status !== 505 ? busy(head, now) : { type: 'refused', status };
  }
}

function busy({ status, fields }: HttpHead, now: number): Verdict {
  const retryAfter = parseRetryAfter(fields.get('Retry-After'), now);
  return { type: 'busy', status, retryAfter, isTooMany: status === 429 || status === 503 };
}

function judgeWhole(asked: Asked, kept: Version | undefined, fields: FieldReader, now: number): Verdict {
  const isCoded = hasCoding(fields);
  const length = lengthOf(fields);
  if (length === 'malformed') return unusable('the Content-Length is malformed');
  const version = versionOf(fields, isCoded ? undefined : length, isCoded, now);
  if (kept === undefined) return { type: 'body', start: 0, end: version.size, version, isPartial: false };
  if (isCoded && !kept.isCoded) return unusable('the server has added a content coding');
  const difference = compareVersions(kept, version, fields, now);
  if (difference?.type === 'changed') return difference;
  // §14.2: a server may ignore a range. If the version is the same, If-Range was not the reason.
  if (asked.type === 'range' && asked.start > 0) return unusable('the server has ignored the range');
  return { type: 'body', start: 0, end: version.size, version, isPartial: false };
}

function judgePartial(asked: Asked, kept: Version | undefined, fields: FieldReader, now: number): Verdict {
  if (asked.type === 'whole') return unusable('206, and no range was asked for');
  const range = parseContentRange(fields.get('Content-Range') ?? '');
  if (range === undefined) return unusable('the Content-Range is missing or malformed');
  const { span, size } = range;
  const isCoded = hasCoding(fields);
  const length = lengthOf(fields);
  const version = versionOf(fields, isCoded ? undefined : size, isCoded, now);
  const difference = kept === undefined ? undefined : compareVersions(kept, version, fields, now);
  // The change is judged first: the range of another version may well be another one.
  if (difference !== undefined) return difference;
  if (span.start !== asked.start) return unusable('the response begins at another byte than was asked for');
  if (span.end > Math.min(asked.end ?? size, size)) return unusable('the response has more bytes than were asked for');
  if (isCoded) {
    const isFirstAndWhole = kept === undefined && span.start === 0 && span.end === size;
    if (!isFirstAndWhole) return unusable('a part of a coded response can not be used');
    return { type: 'body', start: 0, end: undefined, version, isPartial: false };
  }
  if (length !== undefined && length !== span.end - span.start) return unusable('the Content-Length is another');
  return { type: 'body', ...span, version, isPartial: true };
}

function judgeUnsatisfied(asked: Asked, kept: Version | undefined, fields: FieldReader): Verdict {
  const [, digits] = /^bytes \*\/(\d{1,16})$/.exec(fields.get('Content-Range') ?? '') ?? [];
  const size = digits === undefined ? undefined : Number(digits);
  if (kept !== undefined && size !== undefined && kept.size !== size) return changed(`its size is now ${size}`);
  if (kept === undefined && asked.type === 'range' && asked.start === 0 && size === 0) {
    const version: Version = { size: 0, validator: { type: 'none' }, isCoded: false, digests: [] };
    return { type: 'empty', version };
  }
  return unusable('416 to a range within the object');
}

/** @returns the verdict if the response is not of the version that is kept, or if it does not tell */
function compareVersions(kept: Version, { size, digests }: Version, fields: FieldReader, now: number) {
  switch (compareValidator(kept.validator, fields, toSeconds(now))) {
    case 'other':
      return changed('its validator is another');
    case 'missing':
      return unusable('the response has no validator, and earlier ones had', true);
    case 'same':
      if (kept.size !== size && kept.size !== undefined && size !== undefined) return changed('its size is another');
      if (contradictDigests(kept.digests, digests)) return changed('its digest is another');
      return undefined;
  }
}

function versionOf(fields: FieldReader, size: number | undefined, isCoded: boolean, now: number): Version {
  const validator: Validator = isCoded ? { type: 'none' } : validatorOf(fields, toSeconds(now));
  // Repr-Digest is of the coded bytes, and those that are saved are decoded.
  return { size, validator, isCoded, digests: isCoded ? [] : parseReprDigests(fields) };
}

function hasCoding(fields: FieldReader): boolean {
  const coding = trimOws(fields.get('Content-Encoding') ?? '').toLowerCase();
  return coding !== '' && coding !== 'identity';
}

function lengthOf(fields: FieldReader): number | undefined | 'malformed' {
  const value = fields.get('Content-Length');
  if (value === null) return undefined;
  return /^\d{1,16}$/.test(value) ? Number(value) : 'malformed';
}

function toSeconds(ms: number): number {
  return Math.floor(ms / 1000);
}

function changed(reason: string): Verdict & { type: 'changed' } {
  return { type: 'changed', reason };
}

function unusable(reason: string, isUnpinned = false): Verdict & { type: 'unusable' } {
  return { type: 'unusable', reason, isUnpinned };
}
