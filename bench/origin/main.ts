/**
 * The origin's process, forked by the bench: `node main.ts LARGE [KEY CERTIFICATE]` with the size of the large object in
 * bytes, and the files of a certificate. Sends its ports, then replies to each message with its counts.
 */
import { readFileSync } from 'node:fs';
import { catalogue } from './objects.ts';
import { startOrigin } from './server.ts';

/** A storage in another region: 60 ms to the first byte, 90 MB/s per connection. */
const FAR = { firstByte: 60, rate: 90_000_000 };

const [large, key, cert] = process.argv.slice(2);
const objects = Object.values(catalogue(Number(large)));
const fast = await startOrigin(objects);
const shaped = await startOrigin(objects, { shape: FAR });
const secure =
  key === undefined || cert === undefined
    ? undefined
    : await startOrigin(objects, { tls: { key: readFileSync(key), cert: readFileSync(cert) } });

process.on('message', () => process.send?.([fast, shaped, secure].flatMap((origin) => origin?.counts ?? [])));
process.on('disconnect', () => process.exit(0));
process.send?.({ fast: fast.port, shaped: shaped.port, secure: secure?.port });
