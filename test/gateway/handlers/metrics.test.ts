import { describe, expect, test } from 'vitest';
import { createGateway } from '../../../src/gateway/create-gateway.ts';
import { prometheusMetrics, type Metrics } from '../../../src/observe/metrics/prometheus.ts';
import { memoryStore } from '../../../src/store/drivers/memory.ts';
import { memoryTransferStore } from '../../../src/transfers/drivers/memory.ts';
import { trackTransfers } from '../../../src/observe/transfers.ts';

const TOKEN = '0123456789abcdef0123456789abcdef';
const PATH = '/.rangeway/metrics';

function open(metrics: Metrics | undefined, hasToken = true) {
  const store = memoryStore();
  return createGateway({ store, observers: [], metrics, ...(hasToken ? { admin: { token: TOKEN } } : {}) });
}

const authorization = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });

describe('/.rangeway/metrics', () => {
  test.each([{}, authorization('x'.repeat(32)), { headers: { Authorization: TOKEN } }, { method: 'POST' }])(
    'takes the token of the administrator: %j',
    async (init) => {
      const response = await open(prometheusMetrics()).request(PATH, init);
      expect(response.status).toBe(401);
      expect(response.headers.get('WWW-Authenticate')).toBe('Bearer realm="rangeway"');
      expect(await response.text()).not.toContain('rangeway_requests');
    },
  );

  test.each(['GET', 'HEAD'])('is answered to %s with the token', async (method) => {
    const response = await open(prometheusMetrics()).request(PATH, { method, ...authorization(TOKEN) });
    expect(response.status).toBe(200);
    expect(response.headers.get('Cache-Control')).toBe('no-store');
    const text = await response.text();
    expect(Number(response.headers.get('Content-Length'))).toBeGreaterThan(1_000);
    expect(text.includes('rangeway_requests_total{mount="/",status="2xx"} 0\n')).toBe(method === 'GET');
  });

  test('is answered to all if it is public', async () => {
    const gateway = open(prometheusMetrics({ isPublic: true }), false);
    expect((await gateway.request(PATH)).status).toBe(200);
    const refused = await gateway.request(PATH, { method: 'DELETE' });
    expect([refused.status, refused.headers.get('Allow')]).toEqual([405, 'GET, HEAD']);
  });

  test('does not exist without metrics', async () => {
    expect((await open(undefined).request(PATH, authorization(TOKEN))).status).toBe(404);
  });

  test('is there beside the transfers', async () => {
    const transfers = trackTransfers({ store: memoryTransferStore() });
    const options = { store: memoryStore(), observers: [], metrics: prometheusMetrics(), transfers };
    const gateway = createGateway({ ...options, admin: { token: TOKEN } });
    expect((await gateway.request(PATH, authorization(TOKEN))).status).toBe(200);
    expect((await gateway.request('/.rangeway/transfers', authorization(TOKEN))).status).toBe(200);
    await transfers.close();
  });

  test('is refused without a token that it could take', () => {
    expect(() => open(prometheusMetrics(), false)).toThrow('metrics: takes admin.token too, or has to be "public"');
  });
});
