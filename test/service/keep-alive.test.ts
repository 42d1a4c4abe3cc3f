import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { connectTo, get } from './raw-client.ts';
import { startStage } from './stage.ts';

describe('an idle connection', () => {
  test('is kept for 75 s by default, as its Keep-Alive field says', async () => {
    const { gateway } = await startStage({ objects: { small: 10 } });
    const client = await connectTo(gateway.port);
    client.socket.write(get('/small'));
    await expect.poll(client.received).toMatch(/\r\nKeep-Alive: timeout=75\r\n/);
    // Longer than the 5 s of Node. The wait itself is tested, beside other test files.
    await sleep(6_500);
    client.socket.write(get('/small'));
    await expect.poll(() => client.received().match(/200 OK/g)?.length).toBe(2);
    client.socket.destroy();
  });

  test('is kept for limits.keepAliveTimeout, and no longer', async () => {
    const { gateway } = await startStage({ objects: { small: 10 }, config: { limits: { keepAliveTimeout: 1_000 } } });
    const client = await connectTo(gateway.port);
    client.socket.write(get('/small'));
    await expect.poll(client.received).toMatch(/\r\nKeep-Alive: timeout=1\r\n/);
    await Promise.race([client.ended, once(client.socket, 'close')]);
    client.socket.destroy();
  });
});
