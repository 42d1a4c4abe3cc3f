import { parseHttpDate, parseStoredTag, toSeconds, type Metadata } from '../../../http/index.ts';
import type { S3Fields } from './reads.ts';

/** The metadata of an answer, as they are stored: what can't be sent on is left out when it is printed. */
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
 * A 304 has to carry what the 200 would (§15.4.5), which can be told only where the storage does so itself. AWS
 * does; Ceph's 304 has no field at all, and the metadata have to be asked for.
 */
export function toMetadata304(fields: S3Fields): Metadata | undefined {
  const { etag, lastModified, cacheControl, expires } = toMetadata(fields);
  return etag === undefined || lastModified === undefined ? undefined : { etag, lastModified, cacheControl, expires };
}

/** Reads a field that holds a date of HTTP (§5.6.7); `undefined` for anything else, a bare number among it. */
export function toDate(text: string | undefined): Date | undefined {
  const seconds = text === undefined ? undefined : parseHttpDate(text, toSeconds(new Date()));
  return seconds === undefined ? undefined : new Date(seconds * 1000);
}
