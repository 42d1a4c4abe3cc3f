import { env } from 'cloudflare:workers';
import { parseConfig, type ConfigInput } from '../../config/config.ts';
import type { StoreConfig } from '../../config/store-config.ts';
import { createGateway } from '../../gateway/create-gateway.ts';
import { r2Store } from '../../store/drivers/r2.ts';
import type { ObjectStore } from '../../store/object-store.ts';
import { withRetry } from '../../store/wrappers/with-retry.ts';
import { nativeBodyPipe } from './native-body-pipe.ts';
import { openConfig } from '../open-config.ts';
import { openBinding, workerAddress, workerCache, workerMetrics, workerSecret, workerTransfers } from './worker-env.ts';

export { TransferShard } from './transfer-shard.ts';
export { Blocks } from './worker-env.ts';

/** The bindings of the Worker: the bucket, and the configuration as a TOML table in wrangler.toml. */
declare global {
  namespace Cloudflare {
    interface Env {
      readonly BUCKET: R2Bucket;
      readonly RANGEWAY?: ConfigInput;
    }
  }
}

/** Opens a store with retries, because R2's binding has none of its own. */
function openStore(bucket: R2Bucket): ObjectStore {
  return withRetry(r2Store(bucket));
}

function defaultStore(): ObjectStore {
  return openStore(openBinding('BUCKET'));
}

function defaultIndexes(binding = 'BUCKET'): ObjectStore {
  return openStore(openBinding(binding));
}

function open(store: StoreConfig): ObjectStore | undefined {
  return store.type === 'r2' ? openStore(openBinding(store.binding)) : undefined;
}

// Created at the start of the Worker, so that a deployment with a wrong configuration is refused.
export default createGateway({
  ...openConfig(parseConfig(env.RANGEWAY ?? {}), {
    defaultStore,
    defaultIndexes,
    open,
    secret: workerSecret,
    cache: workerCache,
    metrics: workerMetrics,
    ...workerTransfers,
  }),
  bodyPipe: nativeBodyPipe,
  clientAddress: workerAddress,
});
