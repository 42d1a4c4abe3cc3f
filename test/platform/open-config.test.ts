import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/config.ts';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { openConfig } from '../../src/platform/open-config.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';

test('a mount sets the policy for responses over the size limit, else the platform does', async () => {
  const store = memoryStore();
  await store.put('large', new Uint8Array(100));
  const config = parseConfig({
    mounts: [{}, { path: '/refused', overflow: 'refuse' }, { path: '/cut', overflow: 'partial' }],
  });
  const gateway = createGateway({
    ...openConfig(config, {
      defaultStore: () => store,
      open: () => undefined,
      secret: () => undefined,
      overflow: { limit: 10, policy: 'redirect', link: async ({ key }) => `https://storage.example/${key}` },
    }),
    observers: [{ end: () => undefined }],
  });
  const statuses = await Promise.all(
    ['/large', '/refused/large', '/cut/large'].map(async (path) => {
      const response = await gateway.request(path, { headers: { Range: 'bytes=0-49' } });
      return [response.status, response.headers.get('Content-Range') ?? response.headers.get('Location')];
    }),
  );
  expect(statuses).toEqual([
    [307, 'https://storage.example/large'],
    [501, null],
    [206, 'bytes 0-9/100'],
  ]);
  expect(() => parseConfig({ overflow: 'drop' })).toThrow(
    'overflow: takes "redirect", "partial" or "refuse", not "drop"',
  );
});
