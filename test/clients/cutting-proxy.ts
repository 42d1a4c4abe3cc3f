/**
 * A TCP proxy that breaks downloads: node cutting-proxy.ts LISTEN_PORT TARGET_PORT BYTES [CUTS]
 *
 * A connection is reset once BYTES bytes (heads included) went from the server to the client on it. After CUTS resets
 * (default: no end) the proxy only passes on, so that a client that tries once again comes through.
 */
import { connect, createServer, type Socket } from 'node:net';

export interface CuttingProxyOptions {
  /** Port to listen on, on loopback; 0 takes a free one. */
  readonly listen: number;
  readonly target: { readonly host: string; readonly port: number };
  /** Bytes a connection may carry to the client before it is reset. */
  readonly bytes: number;
  /** How many connections are reset before all are left alone. */
  readonly cuts?: number;
  /** Close in the regular way instead of with a reset: to the client the body just ends too early. */
  readonly closes?: boolean;
  /** Runs before the client learns of the cut, so what it changes has changed when the client comes back. */
  readonly onCut?: () => void;
  /** Gets what the client sends: the heads of its requests. */
  readonly onRequest?: (head: string) => void;
}

export interface CuttingProxy {
  readonly port: number;
  readonly cutsMade: () => number;
  readonly close: () => void;
}

export async function startCuttingProxy(options: CuttingProxyOptions): Promise<CuttingProxy> {
  const { listen, target, bytes, cuts = Infinity, closes = false, onCut, onRequest } = options;
  const clients = new Set<Socket>();
  let made = 0;

  const server = createServer((client) => {
    clients.add(client);
    const upstream = connect(target.port, target.host);
    let passed = 0;
    upstream.on('data', (chunk) => {
      const room = bytes - passed;
      passed += chunk.length;
      if (passed <= bytes || made >= cuts) {
        if (!client.write(chunk)) upstream.pause();
        return;
      }
      made += 1;
      upstream.destroy();
      // The last bytes are handed to the kernel before the cut. By a reset a slow client still
      // loses what the kernel holds for it.
      client.write(chunk.subarray(0, Math.max(0, room)), () => {
        onCut?.();
        if (closes) client.end();
        else client.resetAndDestroy();
      });
    });
    upstream.on('end', () => client.end());
    upstream.on('error', () => client.destroy());
    client.on('drain', () => upstream.resume());
    client.on('data', (chunk) => {
      onRequest?.(chunk.toString('latin1'));
      upstream.write(chunk);
    });
    client.on('end', () => upstream.end());
    client.on('error', () => upstream.destroy());
    client.on('close', () => {
      clients.delete(client);
      upstream.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    port: address.port,
    cutsMade: () => made,
    close: () => {
      server.close();
      for (const client of clients) client.destroy();
    },
  };
}

if (import.meta.main) {
  const [listen, port, bytes, cuts] = process.argv.slice(2).map(Number);
  if (listen === undefined || port === undefined || bytes === undefined) {
    console.error('usage: cutting-proxy.ts LISTEN_PORT TARGET_PORT BYTES [CUTS]');
    process.exit(2);
  }
  const target = { host: '127.0.0.1', port };
  const proxy = await startCuttingProxy({ listen, target, bytes, ...(cuts && { cuts }) });
  // With LISTEN_PORT 0 this is where the port is to be learned.
  console.log(proxy.port);
}
