import { asPrivate, withNoTransform } from './cache-control.ts';
import { contentDisposition, type DispositionType } from './content-disposition.ts';
import { contentRange, unsatisfiedContentRange } from './content-range.ts';
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

/** What the deployment and the request add to what the storage keeps. */
export interface HeaderChoices {
  /** Cache-Control of objects that have none of their own. */
  readonly cacheControl?: string | undefined;
  /** Whether the answer is for this client alone, so that no shared cache may keep it (RFC 9111 §5.2.2.7). */
  readonly isPrivate?: boolean | undefined;
  /** Overrides a stored Content-Disposition. */
  readonly disposition?: { readonly type: DispositionType; readonly key: string } | undefined;
  /** Of a multipart answer; {@link boundaryFrom}. */
  readonly boundary: string;
  /** When the answer is made. */
  readonly now: Seconds;
}

/** Name and value, in the order in which they are sent. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** A decision that sends bytes of the representation. */
export type ByteDecision = Extract<Decision, { readonly status: 200 | 206 }>;

/** Every field of a 200 or 206, Date and CORS aside: a 206 carries what the 200 would (§15.3.7). */
export function byteHeaders(
  decision: ByteDecision,
  representation: Representation,
  choices: HeaderChoices,
): HeaderList {
  return [...bodyHeaders(decision, representation, choices), ...representationHeaders(representation, choices)];
}

/** Every field of a 416: the size, from which a client learns where the end is (§15.5.17). */
export function unsatisfiableHeaders(size: number): HeaderList {
  return [
    ['Content-Range', unsatisfiedContentRange(size)],
    ['Accept-Ranges', 'bytes'],
  ];
}

/** The parts of a multipart decision, in the order asked. */
export function decisionParts(decision: Extract<Decision, { readonly form: 'multipart' }>): readonly Span[] {
  return decision.reads.flatMap((read) => read.parts);
}

/** Exact length in bytes of the body that a decision sends. */
export function bodyLength(
  decision: Extract<Decision, { readonly status: 200 | 206 }>,
  representation: Representation,
): number {
  if (decision.status === 200 || decision.form === 'single') return spanLength(decision.span);
  return multipartLength(decisionParts(decision), representation.size, representationType(representation));
}

/** §15.3.7.1 for one part, §15.3.7.2 for several: there the parts carry type and range. */
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

/** §15.4.5: what a cache needs to refresh its copy, and no other metadata; the date only where no tag does it. */
export function notModifiedHeaders(metadata: Metadata, choices: HeaderChoices): HeaderList {
  const etag = storedTag(metadata.etag);
  return compact([
    ['ETag', etag],
    ['Last-Modified', etag === undefined ? lastModifiedValue(metadata, choices.now) : undefined],
    ['Cache-Control', cacheControlValue(metadata, choices)],
    ['Expires', storedExpires(metadata.expires, choices.now)],
  ]);
}

/** §8.8.2.1: never later than Date, whatever the storage's clock says. */
function lastModifiedValue(metadata: Metadata, now: Seconds): string | undefined {
  const modified = modifiedSeconds(metadata);
  return modified === undefined ? undefined : storedSeconds(Math.min(modified, now));
}

function cacheControlValue({ cacheControl }: Metadata, choices: HeaderChoices): string {
  const stored = storedField(cacheControl);
  // What the deployment says of answers to those who were let in is meant for them.
  if (choices.isPrivate === true) return withNoTransform(choices.cacheControl ?? asPrivate(stored));
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
