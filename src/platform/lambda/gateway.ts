import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { createGateway } from '../../gateway/create-gateway.ts';
import type { Log } from '../../observe/log.ts';
import { type LinkTarget, OVERFLOW_POLICIES } from '../../config/size-limit.ts';
import { parseConfig } from '../../config/config.ts';
import { memoryCache } from '../../cache/drivers/memory.ts';
import type { FetchHandler } from '../fetch-handler.ts';
import { openConfig } from '../open-config.ts';
import type { LambdaConfig } from './environment.ts';
import { openJwt } from '../open-jwt.ts';
import { s3Storage, toS3Source } from '../s3/s3-storage.ts';

export { OVERFLOW_POLICIES };
export { LINK_SECONDS, readEnvironment, type LambdaConfig } from './environment.ts';

/**
 * Makes the gateway of a function.
 *
 * @param client made from the config's `access`; all gateways of a process can have the same
 * @param limit bytes of a body that the invoke mode can send
 * @param secrets values by name, as `readSecrets` gives them; a name that is not among them is a variable's
 * @throws SettingsError naming each setting that is unknown or wrong
 */
export function lambdaGateway(
  client: S3Client,
  config: LambdaConfig,
  limit: number,
  log?: Log,
  secrets: ReadonlyMap<string, string> = new Map(),
): FetchHandler {
  const { settings, overflow: policy, access, prefix: defaultPrefix, forbidden } = config;
  return createGateway({
    ...openConfig(parseConfig(settings), {
      defaultStore: () => s3Storage(config, client),
      defaultPrefix,
      // Links lead to the own bucket, so that mounts have no other; a fallback is read and never linked to.
      open: (store, use) =>
        store.type === 's3' && use === 'fallback' ? s3Storage({ forbidden, ...toS3Source(store, access) }) : undefined,
      secret: (name) => secrets.get(name) ?? process.env[name],
      jwt: openJwt,
      cache: (cache) => (cache.type === 'memory' ? memoryCache({ maxBytes: cache.bytes }) : undefined),
      overflow: { limit, policy, link: linker(client, config) },
      log,
    }),
  });
}

/**
 * Links to the storage itself. Neither Range nor a condition is signed: a signed field has to be sent, and browsers
 * would not. Where the bucket keeps versions, the link names the one that was evaluated. Where it does not, nothing in
 * a link can pin it: whoever replaces the object between the redirect and the read is seen by the new ETag alone.
 */
function linker(client: S3Client, { bucket, prefix, linkSeconds }: LambdaConfig) {
  return ({ key, representation, disposition }: LinkTarget): Promise<string> => {
    const command = new GetObjectCommand({
      Bucket: bucket,
      Key: prefix + key,
      ...(representation.version === undefined ? {} : { VersionId: representation.version }),
      ...(disposition === undefined ? {} : { ResponseContentDisposition: disposition }),
    });
    return getSignedUrl(client, command, { expiresIn: linkSeconds });
  };
}
