import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { ANALYTICS_COLUMNS, analyticsEngineObserver } from '../../src/observe/metrics/analytics-engine.ts';
import { nativeBodyPipe } from '../../src/platform/workers/native-body-pipe.ts';
import { r2Store } from '../../src/store/drivers/r2.ts';

const SIZE = 300_000;

/** A gateway over R2 with the native pipe, and the points that it has written. */
async function written() {
  const points: { indexes: string[]; blobs: string[]; doubles: number[] }[] = [];
  await env.BUCKET.put('counted', new Uint8Array(SIZE));
  const gateway = createGateway({
    mounts: [{ path: '/files', store: r2Store(env.BUCKET) }],
    bodyPipe: nativeBodyPipe,
    observers: [analyticsEngineObserver({ writeDataPoint: (point) => void points.push(point) })],
  });
  const ask = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const context = createExecutionContext();
    const response = await gateway.fetch(new Request(`https://example.com${path}`, { headers, method }), env, context);
    await response.arrayBuffer();
    await waitOnExecutionContext(context);
  };
  const sum = (column: string) => {
    const i = ANALYTICS_COLUMNS.doubles.indexOf(column);
    expect(i).toBeGreaterThanOrEqual(0);
    return points.reduce((total, { doubles }) => total + (doubles[i] ?? Number.NaN), 0);
  };
  return { points, ask, sum };
}

test('each request is one point, and the points add up to what the clients did', async () => {
  const { points, ask, sum } = await written();
  for (let i = 0; i < 3; i++) await ask('/files/counted');
  for (let i = 0; i < 4; i++) await ask('/files/counted', { Range: 'bytes=0-999' });
  await ask('/files/counted', {}, 'HEAD');
  await ask('/files/missing');
  await ask('/elsewhere');
  expect(points).toHaveLength(10);
  expect(points.map(({ blobs: [mount, status] }) => `${mount} ${status}`).toSorted()).toEqual([
    ' 4xx',
    ...Array.from({ length: 8 }, () => '/files 2xx'),
    '/files 4xx',
  ]);
  expect(points.every(({ indexes, blobs }) => indexes.length === 1 && indexes[0] === blobs[0])).toBe(true);
  expect(sum('rangeway_requests')).toBe(10);
  expect(sum('rangeway_complete_downloads')).toBe(3);
  expect(sum('rangeway_storage_operations')).toBe(9);
  expect(sum('rangeway_read_bytes storage')).toBe(3 * SIZE + 4_000);
  expect(sum('rangeway_sent_bytes')).toBeGreaterThanOrEqual(3 * SIZE + 4_000);
  expect(sum('rangeway_aborted_requests')).toBe(0);
});

test('a point fits into what Analytics Engine takes: 1 index of 96 bytes, 20 texts, 20 numbers', async () => {
  const { points, ask } = await written();
  await ask('/files/counted');
  const [point] = points;
  expect(point?.blobs.length).toBeLessThanOrEqual(20);
  expect(point?.doubles.length).toBeLessThanOrEqual(20);
  expect(point?.blobs.length).toBe(ANALYTICS_COLUMNS.blobs.length);
  expect(point?.doubles.every((value) => Number.isFinite(value))).toBe(true);
});
