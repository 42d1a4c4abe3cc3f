/** What a Worker of one's own takes from this package besides its portable face. */
export { workersCache, type CacheLike, type WorkersCacheOptions } from '../cache/drivers/workers.ts';
export { nativeConduit } from './native-conduit.ts';
