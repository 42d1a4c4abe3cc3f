import type { S3Client } from '@aws-sdk/client-s3';
import { createGateway } from '../../gateway/create-gateway.ts';
import type { Log } from '../../observe/log.ts';
import { OVERFLOW_POLICIES } from '../../config/size-limit.ts';
import { parseConfig } from '../../config/config.ts';
import { memoryTransferStore } from '../../transfers/drivers/memory.ts';
import { memoryCache } from '../../cache/drivers/memory.ts';
import type { FetchHandler } from '../fetch-handler.ts';
import { openConfig } from '../open-config.ts';
import { parseCdnKey } from './cdn-links.ts';
import { CDN_KEY, type LambdaConfig } from './environment.ts';
import { objectLinks } from './object-links.ts';
import { openJwt } from '../open-jwt.ts';
import { s3Storage, toS3Source } from '../s3/s3-storage.ts';

export { OVERFLOW_POLICIES };
export { LINK_SECONDS, readEnvironment, type LambdaConfig } from './environment.ts';

/**
 * Creates the gateway of a function.
 *
 * @param client created from `config.access`; several gateways of a process can share it
 * @param limit the most bytes of a body in the invoke mode
 * @param log receives the log entries; by default they go to the console
 * @param secrets values by name, as `readSecrets` returns them; other secrets are environment variables
 * @throws SettingsError that names each unknown or invalid setting
 */
export function lambdaGateway(
  client: S3Client,
  config: LambdaConfig,
  limit: number,
  log?: Log,
  secrets: ReadonlyMap<string, string> = new Map(),
): FetchHandler {
  const { settings, overflow: policy, access, prefix: defaultPrefix, forbidden, cdn } = config;
  const secret = (name: string) => secrets.get(name) ?? process.env[name];
  const cdnKey = cdn === undefined ? undefined : parseCdnKey(CDN_KEY, cdn.keyId, secret(CDN_KEY) ?? '');
  return createGateway({
    ...openConfig(parseConfig(settings), {
      defaultStore: () => s3Storage(config, client),
      defaultIndexes: (bucket = config.bucket) => s3Storage({ ...config, bucket, prefix: '' }, client),
      defaultPrefix,
      // Redirects lead to the default bucket, so a mount can't have another store. A fallback is read, and never linked
      // to.
      open: (store, use) =>
        store.type === 's3' && use === 'fallback' ? s3Storage({ forbidden, ...toS3Source(store, access) }) : undefined,
      secret,
      jwt: openJwt,
      cache: (cache) => (cache.type === 'memory' ? memoryCache({ maxBytes: cache.bytes }) : undefined),
      transfers: ({ store, retention }) =>
        store === undefined || store.type === 'memory' ? memoryTransferStore({ retention }) : undefined,
      overflow: { limit, policy, ...objectLinks(client, config, cdnKey) },
      log,
    }),
  });
}
