import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { logObserver, type LogEntry } from '../../src/observe/log.ts';
import { createGateway } from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { hasS3, newBucket } from './server.ts';

const SIZE = 16 * 1024 * 1024;

describe.skipIf(!hasS3)('the pool of connections to S3', () => {
  test('is not exhausted by 200 clients that disconnect: 200 good requests follow', { timeout: 120_000 }, async () => {
    const { store, put } = await newBucket();
    await put('large', new Uint8Array(SIZE));
    const entries: LogEntry[] = [];
    const server = await serve(createGateway({ store, observers: [logObserver((entry) => entries.push(entry))] }), {
      port: 0,
    });
    const { port } = new URL(server.url);
    for (let i = 0; i < 200; i++) {
      const socket = connect(Number(port), '127.0.0.1');
      socket.write('GET /large HTTP/1.1\r\nHost: x\r\n\r\n');
      await once(socket, 'data');
      socket.destroy();
    }
    await expect.poll(() => entries.length, { timeout: 10_000 }).toBe(200);
    expect(new Set(entries.map(({ outcome }) => outcome))).toEqual(new Set(['aborted']));
    for (let i = 0; i < 200; i++) {
      const response = await fetch(`${server.url}/large`, { headers: { Range: `bytes=${i * 1000}-${i * 1000 + 9}` } });
      expect([response.status, (await response.arrayBuffer()).byteLength]).toEqual([206, 10]);
    }
    await server.stop(1_000);
  });
});
