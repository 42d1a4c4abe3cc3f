/** `node s3proxy.ts BUCKET ENDPOINT`: npm's s3proxy on node:http; prints its URL to stderr. */
import { Agent, createServer } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { S3Proxy } from 's3proxy';

const [bucket = '', endpoint = ''] = process.argv.slice(2);

// The default of 50 sockets would limit 64 clients.
const sockets = { keepAlive: true, maxSockets: 1_000 };

const proxy = new S3Proxy({
  bucket,
  endpoint,
  region: 'us-east-1',
  forcePathStyle: true,
  requestHandler: { httpAgent: new Agent(sockets), httpsAgent: new SecureAgent(sockets) },
});
await proxy.init();

const handle = proxy.middleware();
const server = createServer((req, res) => void handle(req, res));
server.listen(0, '127.0.0.1', 4096, () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  process.stderr.write(`http://127.0.0.1:${port}\n`);
});
