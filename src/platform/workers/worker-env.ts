import { env, exports, WorkerEntrypoint } from 'cloudflare:workers';
import type { BlockCache } from '../../cache/block-cache.ts';
import { tieredCache } from '../../cache/drivers/tiered.ts';
import { workersCache, type CacheLike } from '../../cache/drivers/workers.ts';
import type { CacheConfig } from '../../config/cache-config.ts';
import type { ClientAddress } from '../../gateway/gateway-request.ts';
import type { Fields } from '../../http/index.ts';
import type { TransfersConfig } from '../../config/transfers-config.ts';
import { memoryTransferStore } from '../../transfers/drivers/memory.ts';
import { durableObjectTransferStore } from '../../transfers/drivers/durable-object.ts';
import type { TransferStore } from '../../transfers/transfer-store.ts';
import type { TransferShard } from './transfer-shard.ts';
import { settingsError } from '../../base/settings-error.ts';
import { analyticsEngineObserver } from '../../observe/metrics/analytics-engine.ts';
import type { MetricsConfig } from '../../config/metrics-config.ts';
import type { OpenedMetrics } from '../open-config.ts';

declare global {
  namespace Cloudflare {
    interface Env {
      /** The Durable Objects with transfers. Bound only if the configuration keeps transfers there. */
      readonly TRANSFERS: DurableObjectNamespace<TransferShard>;
    }
  }
}

/** Returns the value of a variable or secret of the Worker; `undefined` if it is not set or not text. */
export function workerSecret(name: string): string | undefined {
  const value: unknown = Reflect.get(env, name);
  return typeof value === 'string' ? value : undefined;
}

/**
 * Returns the R2 bucket of a binding.
 *
 * @throws SettingsError if there is no such R2 binding
 */
export function openBinding(name: string): R2Bucket {
  const bucket: unknown = Reflect.get(env, name);
  if (isBucket(bucket)) return bucket;
  throw settingsError(`wrangler.toml has to bind an R2 bucket as ${name}`);
}

function isBucket(value: unknown): value is R2Bucket {
  return typeof value === 'object' && value !== null && 'get' in value && 'head' in value;
}

/** Returns the client's address. Cloudflare always sets the field itself, so a client can't forge it. */
export const workerAddress: ClientAddress = ({ headers }) => {
  const fields: Fields = headers;
  return fields.get('CF-Connecting-IP') ?? undefined;
};

/**
 * Opens the metrics of a configuration: data points of Workers Analytics Engine, through the binding `METRICS`.
 *
 * @returns `undefined` for a form that Workers do not have
 * @throws SettingsError if there is no such binding
 */
export function workerMetrics(metrics: MetricsConfig): OpenedMetrics | undefined {
  if (metrics !== 'analytics-engine') return undefined;
  const dataset: unknown = Reflect.get(env, 'METRICS');
  if (isDataset(dataset)) return { observers: [analyticsEngineObserver(dataset)] };
  throw settingsError('wrangler.toml has to bind a dataset of Analytics Engine as METRICS', 'metrics');
}

function isDataset(value: unknown): value is AnalyticsEngineDataset {
  return typeof value === 'object' && value !== null && 'writeDataPoint' in value;
}

/** The stores of transfers of a Worker: Durable Objects, bound as `TRANSFERS` if the configuration names no binding. */
export const workerTransfers = {
  defaultTransfers: 'durable-object',
  transfers: openTransfers,
} as const;

/** @throws SettingsError if there is no such binding of Durable Objects */
function openTransfers({ store, shards, retention }: TransfersConfig): TransferStore | undefined {
  if (store?.type === 'memory') return memoryTransferStore({ retention });
  if (store?.type === 'sqlite') return undefined;
  const binding = store?.binding ?? 'TRANSFERS';
  const namespace: unknown = Reflect.get(env, binding);
  if (!isShards(namespace)) {
    throw settingsError(`wrangler.toml has to bind the Durable Object TransferShard as ${binding}`, 'transfers.store');
  }
  return durableObjectTransferStore({ shard: (index) => namespace.getByName(`transfers-${index}`), shards, retention });
}

function isShards(value: unknown): value is DurableObjectNamespace<TransferShard> {
  return typeof value === 'object' && value !== null && 'getByName' in value;
}

/**
 * Opens the block cache of a configuration: that of the data centre, in a named cache that serves no client requests,
 * or the tiered one.
 *
 * @returns `undefined` for a type that Workers do not support
 */
export function workerCache(cache: CacheConfig): BlockCache | undefined {
  switch (cache.type) {
    case 'workers':
      return workersCache({ cache: namedCache, origin: cache.origin });
    case 'tiered':
      return tiered;
    case 'memory':
    case 'disk':
      return undefined;
  }
}

const tiered = tieredCache((request) => openEntrypoint('Blocks').fetch(request));

/** @throws SettingsError if the Worker's main module does not export the entrypoint */
function openEntrypoint(name: string): Fetcher {
  const entrypoint: unknown = Reflect.get(exports, name);
  if (isFetcher(entrypoint)) return entrypoint;
  throw settingsError(`the Worker's main module has to export the entrypoint ${name}`, 'cache');
}

function isFetcher(value: unknown): value is Fetcher {
  return (typeof value === 'object' || typeof value === 'function') && value !== null && 'fetch' in value;
}

/** Serves blocks to this Worker itself. If Workers Caching is enabled for it, the platform caches them. */
export class Blocks extends WorkerEntrypoint {
  override fetch(request: Request): Promise<Response> {
    return tiered.answer(request);
  }
}

/** Opens the cache for each operation: a Worker can't do I/O at its start, outside a request. */
const namedCache: CacheLike = {
  match: async (request) => (await openCache()).match(request),
  put: async (request, response) => (await openCache()).put(request, response),
};

function openCache(): Promise<Cache> {
  return caches.open('rangeway');
}
