import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/config.ts';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { checkConfig } from '../../src/platform/checked-config.ts';
import { logObserver, type LogEntry } from '../../src/observe/log.ts';
import type { LimitsInput } from '../../src/config/limits.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';

async function gatewayWith(limits: LimitsInput) {
  const store = memoryStore();
  await store.put('large', new Uint8Array(1024 * 1024));
  const entries: LogEntry[] = [];
  return {
    gateway: createGateway({ store, observers: [logObserver((entry) => entries.push(entry))], limits }),
    entries,
  };
}

test('downloads beyond the limit get 503 with Retry-After, and are served again when one has ended', async () => {
  const { gateway, entries } = await gatewayWith({ downloads: 2 });
  const running = [await gateway.request('/large'), await gateway.request('/large')];
  const refused = await gateway.request('/large');
  expect([refused.status, refused.headers.get('Retry-After')]).toEqual([503, '5']);
  expect(await refused.json()).toMatchObject({ status: 503, requestId: entries[0]?.requestId });
  await running[0]?.body?.cancel();
  const admitted = await gateway.request('/large');
  expect((await admitted.arrayBuffer()).byteLength).toBe(1024 * 1024);
  expect((await gateway.request('/missing')).status).toBe(404);
  expect((await gateway.request('/large', { method: 'HEAD' })).status).toBe(200);
  expect((await gateway.request('/large')).status).toBe(200);
  expect((await gateway.request('/large')).status).toBe(503);
});

test.for([
  ['urlLength', 'it is always 16384'],
  ['headerBytes', 'it is always 65536'],
  ['headerTimeout', 'it is always 15000'],
] as const)('limits.%s is no setting', async ([name, instead]) => {
  await expect(gatewayWith({ [name]: 1 })).rejects.toThrow(`limits.${name}: no such field; ${instead}; there are`);
  expect(() => parseConfig({ limits: { [name]: 1 } })).toThrow(`limits.${name}: no such field; ${instead}; there are`);
});

test('a URL longer than the limit gets 414', async () => {
  const { gateway, entries } = await gatewayWith({});
  const fill = (address: string, length: number) => address.padEnd(length, 'x');
  expect((await gateway.request(fill('http://gateway/', 16_385))).status).toBe(414);
  expect((await gateway.request(fill('http://gateway/large?', 16_384))).status).toBe(200);
  expect((await gateway.request(fill('http://gateway/large?', 16_385))).status).toBe(414);
  expect(entries[0]).toMatchObject({ status: 414, storageReads: 0 });
});

test.each(['workers', 'lambda'] as const)(
  'a delay before a stop is refused for %s, which no signal stops',
  (platform) => {
    const config = parseConfig({ limits: { drainDelay: 1 } });
    expect(() => checkConfig(config, 'node')).not.toThrow();
    expect(() => checkConfig(config, platform)).toThrow(`limits.drainDelay: has no effect on ${platform}`);
  },
);
