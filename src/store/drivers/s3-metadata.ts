import { parseEntityTag, type Metadata } from '../../http/index.ts';

/** Header fields of an answer, names in lower case. */
export type S3Headers = Readonly<Record<string, string>>;

/** The metadata of an answer. `aws-chunked` is how an upload was sent, not a coding of the object (S3 keeps it). */
export function toMetadata(headers: S3Headers): Metadata {
  return {
    etag: headers['etag'] === undefined ? undefined : parseEntityTag(headers['etag']),
    lastModified: toDate(headers['last-modified']),
    isDateStrong: true,
    contentType: headers['content-type'],
    contentEncoding: withoutAwsChunked(headers['content-encoding']),
    contentLanguage: headers['content-language'],
    contentDisposition: headers['content-disposition'],
    cacheControl: headers['cache-control'],
    expires: toDate(headers['expires']),
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

/** As it was stored, which need not be a date. */
function toDate(text: string | undefined): Date | undefined {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : new Date(time);
}

function withoutAwsChunked(encoding: string | undefined): string | undefined {
  const codings = encoding
    ?.split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== 'aws-chunked');
  return codings === undefined || codings.join('') === '' ? undefined : codings.join(', ');
}
