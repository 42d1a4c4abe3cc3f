import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { parseLinkKeys, signedAccess } from '../../../src/access/index.ts';
import { memoryCache } from '../../../src/cache/drivers/memory.ts';
import { createGateway } from '../../../src/gateway/create-gateway.ts';
import { sumSnapshots, withoutGauges } from '../../../src/observe/metrics/measurements.ts';
import { prometheusMetrics } from '../../../src/observe/metrics/prometheus.ts';
import { memoryStore } from '../../../src/store/drivers/memory.ts';
import { storeError } from '../../../src/store/store-error.ts';
import { recordingObserver } from '../../gateway/recording-observer.ts';
import { storeDouble } from '../../gateway/store-double.ts';
import { isFull } from '../../full.ts';

const OPEN = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';
const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

/** The samples of a document, by name and labels. */
function samplesOf(text: string): Readonly<Record<string, number>> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}

/** A gateway with three mounts, which has served some requests. */
async function served() {
  const metrics = prometheusMetrics();
  const store = memoryStore();
  await store.put('a', new Uint8Array(1_000));
  const failing = storeDouble({
    head: () => Promise.reject(storeError('throttled', 'slow down')),
    read: () => Promise.reject(storeError('throttled', 'slow down')),
  });
  const gateway = createGateway({
    mounts: [
      { store, cache: memoryCache({ maxBytes: 1_000_000 }) },
      {
        host: 'files.example.com',
        path: '/signed',
        store,
        access: signedAccess(parseLinkKeys(`k1:${'A'.repeat(43)}`)),
      },
      { path: '/failing', store: failing },
    ],
    observers: [],
    metrics,
    admin: { token: '0123456789abcdef0123456789abcdef' },
  });
  const ask = async (path: string, init?: RequestInit) => (await gateway.request(path, init)).arrayBuffer();
  await ask('/a');
  await ask('/a');
  await ask('/a', { headers: { Range: 'bytes=0-9' } });
  await ask('/a', { method: 'HEAD' });
  await ask('/missing');
  await ask('http://files.example.com/signed/a');
  await ask('/failing/a');
  await ask('/failing', { method: 'POST' });
  return { metrics, gateway };
}

describe('the numbers of a fixed run', () => {
  test('are those of its requests', async () => {
    const { metrics } = await served();
    const samples = samplesOf(metrics.print(metrics.snapshot(), null).text);
    const nonZero = Object.entries(samples).filter(([name, value]) => value !== 0 && !name.includes('_seconds'));
    expect(Object.fromEntries(nonZero)).toMatchObject({
      'rangeway_requests_total{mount="/",status="2xx"}': 4,
      'rangeway_requests_total{mount="/",status="4xx"}': 1,
      'rangeway_requests_total{mount="files.example.com/signed",status="4xx"}': 1,
      'rangeway_requests_total{mount="/failing",status="5xx"}': 1,
      'rangeway_requests_total{mount="/failing",status="4xx"}': 1,
      'rangeway_complete_downloads_total{mount="/"}': 2,
      'rangeway_read_bytes_total{mount="/",source="storage"}': 1_000,
      'rangeway_read_bytes_total{mount="/",source="cache"}': 1_010,
      'rangeway_cache_reads_total{mount="/",result="hit"}': 2,
      'rangeway_cache_reads_total{mount="/",result="miss"}': 1,
      'rangeway_store_errors_total{mount="/failing",code="throttled"}': 1,
      'rangeway_failed_requests_total{mount="/failing"}': 1,
    });
    expect(samples['rangeway_sent_bytes_total{mount="/"}']).toBeGreaterThanOrEqual(2_010);
    expect(samples['rangeway_request_duration_seconds_count{mount="/"}']).toBe(5);
    expect(samples['rangeway_request_duration_seconds_bucket{mount="/",le="+Inf"}']).toBe(5);
    expect(samples['rangeway_first_byte_seconds_count{mount="/"}']).toBe(5);
  });

  test('count a problem of the kind quota as a refusal, and the kind of a problem is in the event', async () => {
    const metrics = prometheusMetrics();
    const watched = recordingObserver();
    const archived = storeDouble({ read: () => Promise.reject(storeError('archived', 'in the archive')) });
    await createGateway({ store: archived, observers: [watched] }).request('/a');
    const [event] = watched.ends;
    if (event === undefined) throw new Error('no event');
    expect(event.problem).toBe('archived');
    expect(event.firstByteMs).toBeLessThanOrEqual(event.durationMs);
    void metrics.observer.end(event);
    void metrics.observer.end({ ...event, problem: 'quota' });
    expect(samplesOf(metrics.print(metrics.snapshot(), null).text)).toMatchObject({
      'rangeway_quota_refusals_total{mount="/"}': 1,
      'rangeway_store_errors_total{mount="/",code="archived"}': 2,
    });
  });

  test('count a download as active from its first byte to its end', async () => {
    const metrics = prometheusMetrics();
    const store = memoryStore();
    await store.put('a', new Uint8Array(10));
    const gateway = createGateway({ store, observers: [], metrics, admin: { token: 'x'.repeat(32) } });
    const response = await gateway.request('/a');
    expect(metrics.snapshot().active).toEqual({ '': 0, '/': 1 });
    await response.arrayBuffer();
    await expect.poll(() => metrics.snapshot().active).toEqual({ '': 0, '/': 0 });
  });

  test('have no series that a client could make', async () => {
    const { metrics, gateway } = await served();
    const names = () => Object.keys(samplesOf(metrics.print(metrics.snapshot(), null).text)).length;
    const before = names();
    for (let i = 0; i < 100; i++)
      await gateway.request(`http://h${i}.example.com/${i}`, { headers: { Host: `h${i}` } });
    expect(names()).toBe(before);
  });

  test('begin at zero for each mount, before any request', () => {
    const metrics = prometheusMetrics();
    createGateway({ mounts: [{ path: '/a', store: memoryStore() }], metrics, admin: { token: 'x'.repeat(32) } });
    expect(samplesOf(metrics.print(metrics.snapshot(), null).text)).toMatchObject({
      'rangeway_requests_total{mount="/a",status="5xx"}': 0,
      'rangeway_active_downloads{mount="/a"}': 0,
    });
  });

  test('of several processes are added up, and of one that has ended the counters remain', async () => {
    const [{ metrics: one }, { metrics: other }] = [await served(), await served()];
    one.watch('connections', () => 3);
    one.watch('lostTransferChanges', () => 5);
    other.watch('connections', () => 4);
    const sum = sumSnapshots([withoutGauges(one.snapshot()), one.snapshot(), other.snapshot()]);
    expect(samplesOf(one.print(sum, null).text)).toMatchObject({
      'rangeway_requests_total{mount="/",status="2xx"}': 12,
      rangeway_connections: 7,
      rangeway_lost_transfer_changes_total: 10,
    });
    expect(sumSnapshots([JSON.parse(JSON.stringify(sum))])).toEqual(sum);
  });
});

describe('the document', () => {
  test.each([
    [null, 'text/plain; version=0.0.4; charset=utf-8'],
    ['*/*', 'text/plain; version=0.0.4; charset=utf-8'],
    ['application/openmetrics-text;q=0, */*', 'text/plain; version=0.0.4; charset=utf-8'],
    [OPEN, 'application/openmetrics-text; version=1.0.0; charset=utf-8'],
  ])('for Accept %s is %s', (accept, type) => {
    const metrics = prometheusMetrics();
    const printed = metrics.print(metrics.snapshot(), accept);
    expect(printed.type).toBe(type);
    expect(printed.text.endsWith('# EOF\n')).toBe(type.includes('openmetrics'));
  });

  test('has the same samples in both forms', async () => {
    const { metrics } = await served();
    const snapshot = metrics.snapshot();
    expect(samplesOf(metrics.print(snapshot, OPEN).text)).toEqual(samplesOf(metrics.print(snapshot, null).text));
  });

  test('escapes labels', () => {
    const metrics = prometheusMetrics();
    metrics.addMounts([{ host: undefined, path: '/a"b\\c\nd' }]);
    expect(metrics.print(metrics.snapshot(), null).text).toContain(
      'rangeway_sent_bytes_total{mount="/a\\"b\\\\c\\nd"} 0',
    );
  });

  test.runIf(hasPromtool || isFull)('is without fault for promtool', async () => {
    const { metrics } = await served();
    metrics.watch('connections', () => 1);
    metrics.watch('lostTransferChanges', () => 1);
    const input = metrics.print(metrics.snapshot(), null).text;
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });
});
