import { parseHttpDate, parseStoredTag, toSeconds, type Digests, type Metadata } from '../../../http/index.ts';
import type { S3Fields } from './reads.ts';

/**
 * Reads the metadata of a response, as they are stored. Values that are no valid field values are left out later, when
 * a response is printed.
 */
export function toMetadata(fields: S3Fields): Metadata {
  return {
    etag: fields['etag'] === undefined ? undefined : parseStoredTag(fields['etag']),
    lastModified: toDate(fields['last-modified']),
    isDateStrong: true,
    contentType: fields['content-type'],
    contentEncoding: fields['content-encoding'],
    contentLanguage: fields['content-language'],
    contentDisposition: fields['content-disposition'],
    cacheControl: fields['cache-control'],
    expires: fields['expires'],
    version: fields['x-amz-version-id'],
  };
}

/**
 * Reads the digests of a response. The checksums of an upload in parts are digests of those of its parts, or of a part
 * alone if a range is that part, so only those are used that a response to a read of the whole object says to be of the
 * full object. If a proxy has weakened the tag, it has changed the bytes.
 */
export function toDigests(status: number, fields: S3Fields): Digests | undefined {
  const { 'x-amz-checksum-sha256': sha256, 'x-amz-checksum-sha512': sha512 } = fields;
  if ((sha256 ?? sha512) === undefined || status !== 200 || fields['x-amz-checksum-type'] !== 'FULL_OBJECT')
    return undefined;
  if (fields['etag']?.startsWith('W/') === true) return undefined;
  return { 'sha-256': sha256, 'sha-512': sha512 };
}

/**
 * Reads the metadata of a 304, which must contain the fields of the 200 (§15.4.5). AWS sends them; a 304 of Ceph has
 * none of them, and the metadata must be read by another request.
 *
 * @returns `undefined` if the entity tag or the date is absent
 */
export function toMetadata304(fields: S3Fields): Metadata | undefined {
  const { etag, lastModified, cacheControl, expires } = toMetadata(fields);
  return etag === undefined || lastModified === undefined ? undefined : { etag, lastModified, cacheControl, expires };
}

/** Parses a date of HTTP (§5.6.7); `undefined` for any other value, such as a bare number. */
export function toDate(text: string | undefined): Date | undefined {
  const seconds = text === undefined ? undefined : parseHttpDate(text, toSeconds(new Date()));
  return seconds === undefined ? undefined : new Date(seconds * 1000);
}
