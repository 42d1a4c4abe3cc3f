/** `node s3proxy.ts BUCKET ENDPOINT`: npm's s3proxy on node:http; says on stderr where it listens. */
import { createServer } from 'node:http';
import { Agent } from 'node:http';
import { S3Proxy } from 's3proxy';

const [bucket = '', endpoint = ''] = process.argv.slice(2);

const proxy = new S3Proxy({
  bucket,
  endpoint,
  region: 'us-east-1',
  forcePathStyle: true,
  // Its default of 50 sockets would be what 64 clients measure.
  requestHandler: { httpAgent: new Agent({ keepAlive: true, maxSockets: 1_000 }) },
});
await proxy.init();

const handle = proxy.middleware();
const server = createServer((req, res) => void handle(req, res));
server.listen(0, '127.0.0.1', 4096, () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  process.stderr.write(`http://127.0.0.1:${port}\n`);
});
