import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { LinkTarget, SizeLimit } from '../../config/size-limit.ts';
import { cdnPath, signCdnPath, type CdnForm, type CdnKey } from './cdn-links.ts';
import type { LambdaConfig } from './environment.ts';

/** The part of a function's configuration that links need. */
type LinkConfig = Pick<LambdaConfig, 'bucket' | 'prefix' | 'linkSeconds'>;

/**
 * Creates the links to objects that a function can't send itself: to CloudFront if there is a key for it and the object
 * can be pinned, else presigned links to S3. No link outlives the grant of its request.
 */
export function objectLinks(
  client: S3Client,
  config: LinkConfig,
  cdnKey: CdnKey | undefined,
): Pick<SizeLimit, 'link' | 'linkWhole'> {
  const toS3 = (target: LinkTarget) => presignedLink(client, config, target);
  if (cdnKey === undefined) return { link: toS3 };
  const toCdn = (form: CdnForm, target: LinkTarget) => cdnLink(cdnKey, config, form, target);
  return {
    link: async (target) => toCdn('range', target) ?? (await toS3(target)),
    linkWhole: (target) => Promise.resolve(toCdn('whole', target)),
  };
}

/** @returns `undefined` if the CDN can't serve this version, or if the client's host is unknown */
function cdnLink(
  key: CdnKey,
  { prefix, linkSeconds }: LinkConfig,
  form: CdnForm,
  target: LinkTarget,
): string | undefined {
  const { host, expires = Number.POSITIVE_INFINITY } = target;
  const path = cdnPath(form, prefix + target.key, target);
  if (host === undefined || path === undefined) return undefined;
  return signCdnPath(key, host, path, Math.min(nowInSeconds() + linkSeconds, expires));
}

/**
 * Creates a presigned link. Neither Range nor a condition is signed: browsers would not send the signed field. If the
 * bucket keeps versions, the link contains the version that was evaluated. If it does not, a link can't be pinned: an
 * object that is replaced between the redirect and the client's read shows only in its new entity tag.
 */
function presignedLink(
  client: S3Client,
  { bucket, prefix, linkSeconds }: LinkConfig,
  { key, representation, disposition, expires = Number.POSITIVE_INFINITY }: LinkTarget,
): Promise<string> {
  const command = new GetObjectCommand({
    Bucket: bucket,
    Key: prefix + key,
    ...(representation.version === undefined ? {} : { VersionId: representation.version }),
    ...(disposition === undefined ? {} : { ResponseContentDisposition: disposition }),
  });
  // S3 takes no lifetime below a second. A grant that has ended while the storage was read has one more.
  const expiresIn = Math.max(1, Math.min(linkSeconds, expires - nowInSeconds()));
  return getSignedUrl(client, command, { expiresIn });
}

function nowInSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
