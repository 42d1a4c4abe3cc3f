import { env, exports, WorkerEntrypoint } from 'cloudflare:workers';
import type { BlockCache } from '../../cache/block-cache.ts';
import { tieredCache } from '../../cache/drivers/tiered.ts';
import { workersCache, type CacheLike } from '../../cache/drivers/workers.ts';
import type { CacheConfig } from '../../config/config.ts';
import type { ClientAddress } from '../../gateway/gateway-request.ts';
import { settingsError } from '../../base/settings-error.ts';

/** A variable or secret of the Worker. */
export function workerSecret(name: string): string | undefined {
  const value: unknown = Reflect.get(env, name);
  return typeof value === 'string' ? value : undefined;
}

/** @throws SettingsError where there is no such R2 binding */
export function openBinding(name: string): R2Bucket {
  const bucket: unknown = Reflect.get(env, name);
  if (isBucket(bucket)) return bucket;
  throw settingsError(`store: wrangler.toml has to bind an R2 bucket as ${name}`);
}

function isBucket(value: unknown): value is R2Bucket {
  return typeof value === 'object' && value !== null && 'get' in value && 'head' in value;
}

/** Cloudflare sets the field itself, whatever a client sends. */
export const workerAddress: ClientAddress = (request) => request.headers.get('CF-Connecting-IP') ?? undefined;

/** The cache of the data centre, under a name from which no request of a client's is answered; or the tiered one. */
export function workerCache(cache: CacheConfig): BlockCache | undefined {
  switch (cache.type) {
    case 'workers':
      return workersCache({ cache: named, origin: cache.origin });
    case 'tiered':
      return tiered;
    case 'memory':
    case 'disk':
      return undefined;
  }
}

const tiered = tieredCache((request) => openEntrypoint('Blocks').fetch(request));

/** @throws SettingsError where the Worker's main module does not export it */
function openEntrypoint(name: string): Fetcher {
  const entrypoint: unknown = Reflect.get(exports, name);
  if (isFetcher(entrypoint)) return entrypoint;
  throw settingsError(`cache: the Worker's main module has to export the entrypoint ${name}`);
}

function isFetcher(value: unknown): value is Fetcher {
  return (typeof value === 'object' || typeof value === 'function') && value !== null && 'fetch' in value;
}

/** Answers blocks to this Worker itself. With Workers Caching on for it, the platform keeps them. */
export class Blocks extends WorkerEntrypoint {
  override fetch(request: Request): Promise<Response> {
    return tiered.answer(request);
  }
}

/** Opened with each use: at start there is no request yet, and nothing that waits is allowed. */
const named: CacheLike = {
  match: async (request) => (await openCache()).match(request),
  put: async (request, response) => (await openCache()).put(request, response),
};

function openCache(): Promise<Cache> {
  return caches.open('rangeway');
}
