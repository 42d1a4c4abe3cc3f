import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { basicAccess } from '../../../src/access/index.ts';
import { createGateway } from '../../../src/gateway/create-gateway.ts';
import { TransferDetailsSchema } from '../../../src/gateway/handlers/transfers-schema.ts';
import { trackTransfers } from '../../../src/observe/transfers.ts';
import { memoryStore } from '../../../src/store/drivers/memory.ts';
import { memoryTransferStore } from '../../../src/transfers/drivers/memory.ts';

const Answer = v.strictObject({ transfers: v.array(TransferDetailsSchema) });

function basic(user: string): Record<string, string> {
  return { Authorization: `Basic ${btoa(`${user}:secret of ${user}`)}` };
}

async function openGateway(isPublic = false) {
  const store = memoryStore();
  await store.put('a', new Uint8Array(100));
  const transfers = trackTransfers({ store: memoryTransferStore() });
  let ended = 0;
  const users = ['ann', 'bob'].map((name) => ({ name, password: `secret of ${name}` }));
  const access = isPublic ? undefined : basicAccess({ users });
  const observers = [{ end: () => void ended++ }];
  const app = createGateway({ observers, transfers, mounts: [{ path: '/m', store, access }] });
  const get = (headers: Record<string, string>, path = '/m/a?transfer', method = 'GET') =>
    app.fetch(new Request(`http://any.example${path}`, { method, headers }));
  const download = async (headers: Record<string, string>) => {
    const before = ended;
    await (await get(headers, '/m/a')).arrayBuffer();
    await expect.poll(() => ended).toBe(before + 1);
    await transfers.flush();
  };
  return { get, download, store };
}

describe('GET KEY?transfer', () => {
  test('shows a user its own transfers, and no others', async () => {
    const { get, download } = await openGateway();
    await download({ ...basic('ann'), Range: 'bytes=0-39' });
    const response = await get(basic('ann'));
    expect([response.status, response.headers.get('Cache-Control')]).toEqual([200, 'no-store']);
    expect(v.parse(Answer, await response.json()).transfers).toEqual([
      expect.objectContaining({ key: 'a', mount: '/m', reader: 'user:ann', progress: 0.4, intervals: [[0, 40, 1]] }),
    ]);
    expect(await (await get(basic('bob'))).json()).toEqual({ transfers: [] });
    const head = await get(basic('ann'), '/m/a?transfer', 'HEAD');
    expect([head.status, await head.text()]).toEqual([200, '']);
  });
  test('shows each version of the object', async () => {
    const { get, download, store } = await openGateway();
    await download(basic('ann'));
    await store.put('a', new Uint8Array(50));
    await download({ ...basic('ann'), Range: 'bytes=0-0' });
    const { transfers } = v.parse(Answer, await (await get(basic('ann'))).json());
    expect(new Set(transfers.map(({ size }) => size))).toEqual(new Set([100, 50]));
  });
  test('takes the right to read the key', async () => {
    const { get } = await openGateway();
    expect((await get({})).status).toBe(401);
    expect((await get(basic('ann'), '/m/none?transfer')).status).toBe(200);
  });
  test('takes a link with an id, or a user', async () => {
    const { get } = await openGateway(true);
    const response = await get({});
    expect(response.status).toBe(403);
    expect(response.headers.get('Content-Type')).toBe('application/problem+json');
    expect((await get({}, '/m/a?transfers')).status).toBe(200);
  });
});
