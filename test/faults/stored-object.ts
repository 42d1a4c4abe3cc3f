import { createHash } from 'node:crypto';
import type { Representation } from '../../src/http/index.ts';

/** One version of an object. */
export interface Version {
  readonly bytes: Uint8Array;
  /** The text between the quotes of its strong ETag. */
  readonly tag: string;
  readonly lastModified: Date;
  /** Where the bucket keeps versions. */
  readonly versionId?: string | undefined;
}

/** An object, and what it will be replaced by. */
export interface StoredObject {
  /** At least one. */
  readonly versions: readonly Version[];
  /** Index of the version that is there now. */
  current: number;
}

/** Its tag is an MD5, as a tag of S3 is. Versions have dates a day apart, all in the past: so they are strong (§8.8.2.2). */
export function makeVersion(bytes: Uint8Array, day: number, isPersistent: boolean): Version {
  const tag = createHash('md5').update(bytes).digest('hex');
  const lastModified = new Date(Date.UTC(2024, 0, 1 + day));
  return { bytes, tag, lastModified, ...(isPersistent && { versionId: `v${day}.${tag.slice(0, 8)}` }) };
}

/** @throws Error where there is none of that index */
export function versionAt({ versions }: StoredObject, index: number): Version {
  const version = versions[index];
  if (version === undefined) throw new Error(`the object has no version ${index}`);
  return version;
}

/** The representation of a version, as a client must see it. */
export function toRepresentation({ bytes, tag, lastModified }: Version): Representation {
  const etag = { weak: false, opaque: tag };
  return { size: bytes.length, etag, lastModified, isDateStrong: true, contentType: CONTENT_TYPE };
}

export const CONTENT_TYPE = 'application/octet-stream';
