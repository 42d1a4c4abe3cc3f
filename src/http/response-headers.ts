import { withPrivate, withNoTransform } from './cache-control.ts';
import { contentDisposition, type DispositionType } from './content-disposition.ts';
import { contentRange, unsatisfiedContentRange } from './content-range.ts';
import { digestFields, type DigestWishes } from './digest.ts';
import type { Decision } from './decision.ts';
import type { Seconds } from './http-date.ts';
import { multipartContentType, multipartLength } from './multipart.ts';
import { modifiedSeconds, representationType, type Metadata, type Representation } from './representation.ts';
import { spanLength, type Span } from './span.ts';
import {
  storedCodings,
  storedDisposition,
  storedExpires,
  storedField,
  storedSeconds,
  storedTag,
} from './stored-fields.ts';

/** Values for the response fields that come from the settings or from the request, not from the storage. */
export interface HeaderChoices {
  /** Cache-Control of objects that have none stored. */
  readonly cacheControl?: string | undefined;
  /** Whether the response is for this client only, so that no shared cache may store it (RFC 9111 §5.2.2.7). */
  readonly isPrivate?: boolean | undefined;
  /** Overrides a stored Content-Disposition. */
  readonly disposition?: { readonly type: DispositionType; readonly key: string } | undefined;
  /** Boundary of a multipart response, from {@link boundaryFrom}. */
  readonly boundary: string;
  /** The digests that the request asks for. */
  readonly digests?: DigestWishes | undefined;
  /** When the response is made. */
  readonly now: Seconds;
}

/** Header fields as pairs of name and value, in the order in which they are sent. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** A decision that sends bytes of the representation. */
export type ByteDecision = Extract<Decision, { readonly status: 200 | 206 }>;

/** Makes the fields of a 200 or 206 that HTTP decides; those of the mount and of every response are added later. A 206 has the fields that the 200 would have (§15.3.7). */
export function byteHeaders(
  decision: ByteDecision,
  representation: Representation,
  choices: HeaderChoices,
): HeaderList {
  return [
    ...bodyHeaders(decision, representation, choices),
    ...representationHeaders(representation, choices),
    ...digestFields(representation.digests, choices.digests),
  ];
}

/**
 * Makes the fields of a 416. Content-Range has the complete length, from which a client learns the valid ranges
 * (§15.5.17).
 *
 * @param size complete length in bytes
 */
export function unsatisfiableHeaders(size: number): HeaderList {
  return [
    ['Content-Range', unsatisfiedContentRange(size)],
    ['Accept-Ranges', 'bytes'],
  ];
}

/** Returns the parts of a multipart decision, in the requested order. */
export function decisionParts(decision: Extract<Decision, { readonly form: 'multipart' }>): readonly Span[] {
  return decision.reads.flatMap((read) => read.parts);
}

/** Computes the exact length of the response body in bytes. */
export function bodyLength(
  decision: Extract<Decision, { readonly status: 200 | 206 }>,
  representation: Representation,
): number {
  if (decision.status === 200 || decision.form === 'single') return spanLength(decision.span);
  return multipartLength(decisionParts(decision), representation.size, representationType(representation));
}

/** §15.3.7.1 for one part, §15.3.7.2 for several. In a multipart response, the parts have the type and the range. */
function bodyHeaders(decision: ByteDecision, representation: Representation, choices: HeaderChoices): HeaderList {
  const type = ['Content-Type', representationType(representation)] as const;
  const length = ['Content-Length', String(bodyLength(decision, representation))] as const;
  if (decision.status === 200) return [type, length];
  switch (decision.form) {
    case 'single':
      return [type, length, ['Content-Range', contentRange(decision.span, representation.size)]];
    case 'multipart':
      return [['Content-Type', multipartContentType(choices.boundary)], length];
  }
}

function representationHeaders(metadata: Metadata, choices: HeaderChoices): HeaderList {
  return compact([
    ['Accept-Ranges', 'bytes'],
    ['ETag', storedTag(metadata.etag)],
    ['Last-Modified', lastModifiedValue(metadata, choices.now)],
    ['Cache-Control', cacheControlValue(metadata, choices)],
    ['Expires', storedExpires(metadata.expires, choices.now)],
    ['Content-Encoding', storedCodings(metadata.contentEncoding)],
    ['Content-Language', storedField(metadata.contentLanguage)],
    ['Content-Disposition', dispositionValue(metadata, choices)],
    ['X-Content-Type-Options', 'nosniff'],
  ]);
}

/**
 * Makes the fields of a 304 (§15.4.5): those that a cache needs to refresh its stored response. Last-Modified is sent
 * only if there is no ETag.
 */
export function notModifiedHeaders(metadata: Metadata, choices: HeaderChoices): HeaderList {
  const etag = storedTag(metadata.etag);
  return compact([
    ['ETag', etag],
    ['Last-Modified', etag === undefined ? lastModifiedValue(metadata, choices.now) : undefined],
    ['Cache-Control', cacheControlValue(metadata, choices)],
    ['Expires', storedExpires(metadata.expires, choices.now)],
  ]);
}

/** §8.8.2.1: Last-Modified is never later than Date, even if the storage's clock is ahead. */
function lastModifiedValue(metadata: Metadata, now: Seconds): string | undefined {
  const modified = modifiedSeconds(metadata);
  return modified === undefined ? undefined : storedSeconds(Math.min(modified, now));
}

function cacheControlValue({ cacheControl }: Metadata, choices: HeaderChoices): string {
  const stored = storedField(cacheControl);
  // The setting of a mount with an access rule is meant for authorized clients, so it is used without a change.
  if (choices.isPrivate === true) return withNoTransform(choices.cacheControl ?? withPrivate(stored));
  return withNoTransform(stored ?? choices.cacheControl);
}

function dispositionValue(
  { contentDisposition: stored }: Metadata,
  { disposition }: HeaderChoices,
): string | undefined {
  return disposition === undefined ? storedDisposition(stored) : contentDisposition(disposition.type, disposition.key);
}

function compact(fields: readonly (readonly [string, string | undefined])[]): HeaderList {
  return fields.filter((field): field is readonly [string, string] => field[1] !== undefined);
}
