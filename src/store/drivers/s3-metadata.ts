import { parseEntityTag, type Metadata } from '../../http/index.ts';

/** What this driver uses of an answer's head. */
export interface S3Head {
  readonly ETag?: string | undefined;
  readonly LastModified?: Date | undefined;
  readonly ContentType?: string | undefined;
  readonly ContentEncoding?: string | undefined;
  readonly ContentLanguage?: string | undefined;
  readonly ContentDisposition?: string | undefined;
  readonly CacheControl?: string | undefined;
  /** As it was stored; the SDK's `Expires` throws at what is no date. */
  readonly ExpiresString?: string | undefined;
  readonly VersionId?: string | undefined;
}

/** The metadata of an answer. `aws-chunked` is how an upload was sent, not a coding of the object (S3 keeps it). */
export function toMetadata(head: S3Head): Metadata {
  const expires = head.ExpiresString === undefined ? Number.NaN : Date.parse(head.ExpiresString);
  return {
    etag: head.ETag === undefined ? undefined : parseEntityTag(head.ETag),
    lastModified: head.LastModified,
    contentType: head.ContentType,
    contentEncoding: withoutAwsChunked(head.ContentEncoding),
    contentLanguage: head.ContentLanguage,
    contentDisposition: head.ContentDisposition,
    cacheControl: head.CacheControl,
    expires: Number.isNaN(expires) ? undefined : new Date(expires),
    version: head.VersionId,
  };
}

function withoutAwsChunked(encoding: string | undefined): string | undefined {
  const codings = encoding
    ?.split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== 'aws-chunked');
  return codings === undefined || codings.join('') === '' ? undefined : codings.join(', ');
}
