import { withNoTransform } from './cache-control.ts';
import { contentDisposition, type DispositionType } from './content-disposition.ts';
import { contentRange, unsatisfiedContentRange } from './content-range.ts';
import type { Decision } from './decision.ts';
import { printEntityTag } from './entity-tag.ts';
import { fieldValue } from './field-value.ts';
import { printHttpDate, toSeconds, type Seconds } from './http-date.ts';
import { multipartContentType, multipartLength } from './multipart.ts';
import { representationType, type Representation } from './representation.ts';
import { spanLength, type Span } from './span.ts';

/** What the deployment and the request add to what the storage keeps. */
export interface HeaderChoices {
  /** Cache-Control of objects that have none of their own. */
  readonly cacheControl?: string | undefined;
  /** Overrides a stored Content-Disposition. */
  readonly disposition?: { readonly type: DispositionType; readonly key: string } | undefined;
  /** Of a multipart answer; {@link boundaryFrom}. */
  readonly boundary: string;
  /** When the answer is made. */
  readonly now: Seconds;
}

/** Name and value, in the order in which they are sent. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** Every field that a decision asks for, Date and CORS aside. Exhaustive over the decision. */
export function decisionHeaders(
  decision: Decision,
  representation: Representation,
  choices: HeaderChoices,
): HeaderList {
  switch (decision.status) {
    case 200:
      return [
        ['Content-Type', representationType(representation)],
        ['Content-Length', String(spanLength(decision.span))],
        ...representationHeaders(representation, choices),
      ];
    case 206:
      return [...partialHeaders(decision, representation, choices), ...representationHeaders(representation, choices)];
    case 304:
      return notModifiedHeaders(representation, choices);
    case 416:
      return [
        ['Content-Range', unsatisfiedContentRange(representation.size)],
        ['Accept-Ranges', 'bytes'],
      ];
    case 412:
      return [];
  }
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
function partialHeaders(
  decision: Extract<Decision, { readonly status: 206 }>,
  representation: Representation,
  choices: HeaderChoices,
): HeaderList {
  const length = ['Content-Length', String(bodyLength(decision, representation))] as const;
  switch (decision.form) {
    case 'single':
      return [
        ['Content-Type', representationType(representation)],
        length,
        ['Content-Range', contentRange(decision.span, representation.size)],
      ];
    case 'multipart':
      return [['Content-Type', multipartContentType(choices.boundary)], length];
  }
}

/** What a 206 carries as the 200 would (§15.3.7). */
function representationHeaders(representation: Representation, choices: HeaderChoices): HeaderList {
  return compact([
    ['Accept-Ranges', 'bytes'],
    ['ETag', etagValue(representation)],
    ['Last-Modified', lastModifiedValue(representation, choices.now)],
    ['Cache-Control', cacheControlValue(representation, choices)],
    ['Expires', expiresValue(representation)],
    ['Content-Encoding', fieldValue(representation.contentEncoding)],
    ['Content-Language', fieldValue(representation.contentLanguage)],
    ['Content-Disposition', dispositionValue(representation, choices)],
    ['X-Content-Type-Options', 'nosniff'],
  ]);
}

/** §15.4.5: what a cache needs to refresh its copy, and no other metadata; the date only where no tag does it. */
function notModifiedHeaders(representation: Representation, choices: HeaderChoices): HeaderList {
  const etag = etagValue(representation);
  return compact([
    ['ETag', etag],
    ['Last-Modified', etag === undefined ? lastModifiedValue(representation, choices.now) : undefined],
    ['Cache-Control', cacheControlValue(representation, choices)],
    ['Expires', expiresValue(representation)],
  ]);
}

function etagValue({ etag }: Representation): string | undefined {
  return etag === undefined ? undefined : printEntityTag(etag);
}

/** §8.8.2.1: never later than Date, whatever the storage's clock says. */
function lastModifiedValue({ lastModified }: Representation, now: Seconds): string | undefined {
  return lastModified === undefined ? undefined : printHttpDate(Math.min(toSeconds(lastModified), now));
}

function cacheControlValue({ cacheControl }: Representation, choices: HeaderChoices): string {
  return withNoTransform(fieldValue(cacheControl) ?? choices.cacheControl);
}

function expiresValue({ expires }: Representation): string | undefined {
  return expires === undefined ? undefined : printHttpDate(toSeconds(expires));
}

function dispositionValue(
  { contentDisposition: stored }: Representation,
  { disposition }: HeaderChoices,
): string | undefined {
  return disposition === undefined ? fieldValue(stored) : contentDisposition(disposition.type, disposition.key);
}

function compact(fields: readonly (readonly [string, string | undefined])[]): HeaderList {
  return fields.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}
