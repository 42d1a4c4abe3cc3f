import type { Digests } from './digest.ts';
import type { EntityTag } from './entity-tag.ts';
import { toSeconds, type Seconds } from './http-date.ts';
import { storedField } from './stored-fields.ts';

/** The metadata that a storage has of an object, except its size. */
export interface Metadata {
  /** The storage's entity tag. Reads can be pinned to one version only if it is strong. */
  readonly etag?: EntityTag | undefined;
  readonly lastModified?: Date | undefined;
  /**
   * Whether each change of the bytes changes `lastModified`, with a resolution of one second, as it does if the date is
   * the storage's own time of upload. Absent if the date can be set by other programs: it is a weak validator then
   * (§8.8.2.2).
   */
  readonly isDateStrong?: boolean | undefined;
  readonly contentType?: string | undefined;
  readonly contentEncoding?: string | undefined;
  readonly contentLanguage?: string | undefined;
  readonly contentDisposition?: string | undefined;
  readonly cacheControl?: string | undefined;
  /** The stored value, which may not be a valid date. */
  readonly expires?: string | undefined;
  /** Digests of the whole object that the storage has, or that its piece index has. */
  readonly digests?: Digests | undefined;
  /** The tag of this version in its piece index, if it is another than that of `etag`. */
  readonly storedTag?: string | undefined;
  /** The storage's id of this version, if it keeps several versions. */
  readonly version?: string | undefined;
}

/** The selected representation (§3.2) without its bytes: metadata and size. */
export interface Representation extends Metadata {
  /** Complete length in bytes; of the coded form if there is a content coding. */
  readonly size: number;
}

/**
 * Returns the Content-Type to send; by default `application/octet-stream`. It is always sent, because a client would
 * guess the type otherwise (§8.3), and `nosniff` forbids this.
 */
export function representationType({ contentType }: Metadata): string {
  return storedField(contentType) ?? 'application/octet-stream';
}

/**
 * Returns Last-Modified in seconds since the epoch.
 *
 * @returns `undefined` if there is no date, or if it is an invalid Date
 */
export function modifiedSeconds({ lastModified }: Metadata): Seconds | undefined {
  const seconds = lastModified === undefined ? Number.NaN : toSeconds(lastModified);
  return Number.isNaN(seconds) ? undefined : seconds;
}

/** A representation with a strong entity tag, to which reads can be pinned. */
export type Pinnable = Representation & { readonly etag: EntityTag };

/** Whether reads can be pinned to this version. A weak tag does not identify the bytes (§8.8.1). */
export function isPinnable(representation: Representation): representation is Pinnable {
  return representation.etag !== undefined && !representation.etag.weak;
}

/**
 * Adds `charset=utf-8` to text types, because nearly all text files are UTF-8, and browsers guess if there is no
 * charset.
 */
export function withCharset(type: string): string {
  return type.startsWith('text/') ? `${type}; charset=utf-8` : type;
}
