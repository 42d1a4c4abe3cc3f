/** The parts for your own Worker that `rangeway` itself does not export. */
export { tieredCache, type BlockFetcher, type TieredCache } from '../../cache/drivers/tiered.ts';
export { workersCache, type CacheLike, type WorkersCacheOptions } from '../../cache/drivers/workers.ts';
export {
  durableObjectTransferStore,
  type DurableObjectTransferStoreOptions,
  type ShardSettings,
  type TransferShardStub,
} from '../../transfers/drivers/durable-object.ts';
export { nativeBodyPipe } from './native-body-pipe.ts';
export { TransferShard } from './transfer-shard.ts';
