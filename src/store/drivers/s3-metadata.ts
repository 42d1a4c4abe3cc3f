import { parseHttpDate, parseStoredTag, toSeconds, type Metadata } from '../../http/index.ts';

/** Header fields of an answer, names in lower case. */
export type S3Headers = Readonly<Record<string, string>>;

/** The metadata of an answer, as they are stored: what can't be sent on is left out when it is printed. */
export function toMetadata(headers: S3Headers): Metadata {
  return {
    etag: headers['etag'] === undefined ? undefined : parseStoredTag(headers['etag']),
    lastModified: toDate(headers['last-modified']),
    isDateStrong: true,
    contentType: headers['content-type'],
    contentEncoding: headers['content-encoding'],
    contentLanguage: headers['content-language'],
    contentDisposition: headers['content-disposition'],
    cacheControl: headers['cache-control'],
    expires: headers['expires'],
    version: headers['x-amz-version-id'],
  };
}

/**
 * A 304 has to carry what the 200 would (§15.4.5), which can be told only where the storage does so itself. AWS
 * does; Ceph's 304 has no field at all, and the metadata have to be asked for.
 */
export function toMetadata304(headers: S3Headers): Metadata | undefined {
  const { etag, lastModified, cacheControl, expires } = toMetadata(headers);
  return etag === undefined || lastModified === undefined ? undefined : { etag, lastModified, cacheControl, expires };
}

/** Reads a field that holds a date of HTTP (§5.6.7); `undefined` for anything else, a bare number among it. */
export function toDate(text: string | undefined): Date | undefined {
  const seconds = text === undefined ? undefined : parseHttpDate(text, toSeconds(new Date()));
  return seconds === undefined ? undefined : new Date(seconds * 1000);
}
