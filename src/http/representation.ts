import type { EntityTag } from './entity-tag.ts';
import { toSeconds, type Seconds } from './http-date.ts';
import { storedField } from './stored-fields.ts';

/** What a storage knows of an object besides its bytes and their number. */
export interface Metadata {
  /** As the storage keeps it. Only a strong one lets reads be pinned to one version. */
  readonly etag?: EntityTag | undefined;
  readonly lastModified?: Date | undefined;
  /**
   * Whether every change of the bytes gives the object another `lastModified`, to the second, as a storage's own date
   * of upload does. Left out where the date can be set from outside: it is weak then (§8.8.2.2).
   */
  readonly isDateStrong?: boolean | undefined;
  readonly contentType?: string | undefined;
  readonly contentEncoding?: string | undefined;
  readonly contentLanguage?: string | undefined;
  readonly contentDisposition?: string | undefined;
  readonly cacheControl?: string | undefined;
  /** As it is stored, which need not be a date. */
  readonly expires?: string | undefined;
  /** The storage's name of this version, where it keeps several. */
  readonly version?: string | undefined;
}

/** The selected representation (§3.2), as far as it can be described without its bytes. */
export interface Representation extends Metadata {
  /** Complete length in bytes, of the coded form where there is a content coding. */
  readonly size: number;
}

/** Content-Type to send. §8.3: without one, a client would guess, and `nosniff` forbids it. */
export function representationType({ contentType }: Metadata): string {
  return storedField(contentType) ?? 'application/octet-stream';
}

/** Last-Modified in seconds; `undefined` where there is none, or a Date that is no instant. */
export function modifiedSeconds({ lastModified }: Metadata): Seconds | undefined {
  const seconds = lastModified === undefined ? Number.NaN : toSeconds(lastModified);
  return Number.isNaN(seconds) ? undefined : seconds;
}

/** A version that a strong tag tells from any other. */
export type Pinnable = Representation & { readonly etag: EntityTag };

/** Whether reads of it can be pinned (§8.8.1: a weak tag may stand for other bytes). */
export function isPinnable(representation: Representation): representation is Pinnable {
  return representation.etag !== undefined && !representation.etag.weak;
}
