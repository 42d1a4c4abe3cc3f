/**
 * The origin as a process of its own: `node main.ts LARGE` with the size of the large object, forked. Says where it
 * listens, then answers each `counts` with what it has counted; ends with its parent.
 */
import { catalogue } from './objects.ts';
import { startOrigin } from './server.ts';

/** A storage in another region: 60 ms to the first byte, 90 MB/s a connection. */
const FAR = { firstByte: 60, rate: 90_000_000 };

const objects = Object.values(catalogue(Number(process.argv[2])));
const fast = await startOrigin(objects);
const shaped = await startOrigin(objects, FAR);

process.on('message', () => process.send?.({ fast: fast.counts, shaped: shaped.counts }));
process.on('disconnect', () => process.exit(0));
process.send?.({ fast: fast.port, shaped: shaped.port });
