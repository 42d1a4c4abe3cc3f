import { parseStoredTag, printEntityTag, strongEqual, type EntityTag } from '../http/entity-tag.ts';
import type { Fields } from '../http/fields.ts';
import { parseHttpDate, printHttpDate, type Seconds } from '../http/http-date.ts';

/** The fields of a response, read by name. A web `Headers` is one. */
export type FieldReader = Pick<Fields, 'get'>;

/** The strong validator of a version (RFC 9110 §8.8). Bytes of two responses may be combined only if it is equal. */
export type Validator =
  | { readonly type: 'tag'; readonly tag: EntityTag }
  | { readonly type: 'date'; readonly seconds: Seconds }
  /** The response has no strong validator, so nothing tells one version from another. */
  | { readonly type: 'none' };

/**
 * Reads the strong validator of a response. A date is strong if it is at least one second before the Date of the same
 * response (§8.8.2.2). If there is an ETag that is weak or malformed, the date is not used either: such a server sends
 * several forms of one version.
 *
 * @param now only used to resolve two-digit years
 */
export function validatorOf(fields: FieldReader, now: Seconds): Validator {
  const field = fields.get('ETag');
  if (field !== null) {
    const tag = parseStoredTag(field);
    return tag === undefined || tag.weak ? NONE : { type: 'tag', tag };
  }
  const seconds = dateOf(fields, 'Last-Modified', now);
  const sent = dateOf(fields, 'Date', now);
  return seconds === undefined || sent === undefined || sent - seconds < 1 ? NONE : { type: 'date', seconds };
}

const NONE: Validator = { type: 'none' };

function dateOf(fields: FieldReader, name: string, now: Seconds): Seconds | undefined {
  const value = fields.get(name);
  return value === null ? undefined : parseHttpDate(value, now);
}

/**
 * The fields that bind a range request to a version. If-Match (or If-Unmodified-Since) makes a server answer 412 if the
 * version changed; If-Range makes one that has only that answer 200. Some servers have neither, so each response is
 * compared too.
 */
export function conditionFields(validator: Validator): Readonly<Record<string, string>> {
  switch (validator.type) {
    case 'tag': {
      const tag = printEntityTag(validator.tag);
      return { 'if-match': tag, 'if-range': tag };
    }
    case 'date': {
      const date = printHttpDate(validator.seconds);
      return { 'if-unmodified-since': date, 'if-range': date };
    }
    case 'none':
      return {};
  }
}

/**
 * Compares the validator of a response with that of the version whose bytes are kept.
 *
 * @returns `missing` if the response has no such field, so that nothing can be said
 */
export function compareValidator(kept: Validator, fields: FieldReader, now: Seconds): 'same' | 'other' | 'missing' {
  switch (kept.type) {
    case 'tag': {
      const field = fields.get('ETag');
      if (field === null) return 'missing';
      const tag = parseStoredTag(field);
      return tag !== undefined && strongEqual(tag, kept.tag) ? 'same' : 'other';
    }
    case 'date': {
      const value = fields.get('Last-Modified');
      if (value === null) return 'missing';
      return parseHttpDate(value, now) === kept.seconds ? 'same' : 'other';
    }
    case 'none':
      return 'same';
  }
}

/** Prints a validator for the journal: as it stands in a field. */
export function printValidator(validator: Validator): string {
  switch (validator.type) {
    case 'tag':
      return printEntityTag(validator.tag);
    case 'date':
      return printHttpDate(validator.seconds);
    case 'none':
      return '';
  }
}

/**
 * Parses what {@link printValidator} has printed.
 *
 * @returns `undefined` for any other text
 */
export function parseValidator(text: string): Validator | undefined {
  if (text === '') return NONE;
  const tag = parseStoredTag(text);
  if (tag !== undefined) return tag.weak ? undefined : { type: 'tag', tag };
  const seconds = parseHttpDate(text, 0);
  return seconds === undefined ? undefined : { type: 'date', seconds };
}
