/** What a Worker of one's own takes from this package besides its portable face. */
export { tieredCache, type Ask, type TieredCache } from '../../cache/drivers/tiered.ts';
export { workersCache, type CacheLike, type WorkersCacheOptions } from '../../cache/drivers/workers.ts';
export { nativeBodyPipe } from './native-body-pipe.ts';
