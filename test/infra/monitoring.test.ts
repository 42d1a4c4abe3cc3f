import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { INSTRUMENTS } from '../../src/observe/metrics/instruments.ts';
import { prometheusMetrics } from '../../src/observe/metrics/prometheus.ts';
import { killAll, startServer } from '../cli/commands.ts';
import { hasPrometheus, startPrometheus, type Prometheus } from '../cli/prometheus.ts';
import { ROOT } from '../examples/entries.ts';
import { isFull, reportSkipped } from '../full.ts';

const TOKEN = '0123456789abcdef0123456789abcdef';
const RULES = join(ROOT, 'infra/prometheus/rangeway.yml');

if (!hasPrometheus) reportSkipped('the dashboard and the alerts', 'which need the package prometheus');

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
}

const dashboard: {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
} = JSON.parse(readFileSync(join(ROOT, 'infra/grafana/rangeway.json'), 'utf8'));

const expressions = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ refId, expr }) => ({ name: `${title}, ${refId}`, expr })),
);

/** The metrics that a gateway on Node has. */
function metricNames(): ReadonlySet<string> {
  const metrics = prometheusMetrics();
  metrics.watch('connections', () => 0);
  metrics.watch('lostTransferChanges', () => 0);
  const { text } = metrics.print(metrics.snapshot(), null);
  return new Set([...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name = '']) => name));
}

const namesIn = (text: string) => [...text.matchAll(/\brangeway_\w+/g)].map(([name]) => name.replace(/_bucket$/, ''));

describe('the dashboard', () => {
  test('names metrics that exist, and every metric of requests has a panel', () => {
    const known = metricNames();
    const shown = new Set(expressions.flatMap(({ expr }) => namesIn(expr)));
    expect([...shown].filter((name) => !known.has(name))).toEqual([]);
    const expected = INSTRUMENTS.map(({ name, type }) => (type === 'counter' ? `${name}_total` : name));
    expect(expected.filter((name) => !shown.has(name))).toEqual([]);
  });

  test('uses no variable that it does not define', () => {
    const own = new Set(['__rate_interval', '__range', ...dashboard.templating.list.map(({ name }) => name)]);
    const used = [...JSON.stringify(dashboard).matchAll(/\$\{?(\w+)\}?/g)].map(([, name = '']) => name);
    expect(used.filter((name) => !own.has(name) && name !== '__all')).toEqual([]);
  });

  test('has panels beside each other, each with an id of its own', () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
  });
});

const BYTES = Buffer.alloc(300_000, 'a');

/** A storage with the reads of S3: `cut.bin` breaks off once, `held.bin` does not go on, and `down.bin` fails. */
function answer({ url = '', headers }: IncomingMessage, response: ServerResponse): void {
  const [, from] = /^bytes=(\d+)-/.exec(headers.range ?? '') ?? [];
  const start = Number(from ?? 0);
  if (url.includes('/down.bin')) return void response.writeHead(503, { 'Content-Length': 0 }).end();
  if (url.includes('/missing')) return void response.writeHead(404, { 'Content-Length': 0 }).end();
  const partial = from === undefined ? {} : { 'Content-Range': `bytes ${start}-${BYTES.length - 1}/${BYTES.length}` };
  const body = BYTES.subarray(start);
  const date = 'Thu, 01 Jan 2026 00:00:00 GMT';
  const fields = { ETag: '"v1"', 'Last-Modified': date, 'Content-Length': body.length, ...partial };
  response.writeHead(from === undefined ? 200 : 206, fields);
  if (url.includes('/held.bin')) response.write(body.subarray(0, 100_000));
  else if (!url.includes('/cut.bin') || start > 0) response.end(body);
  else response.write(body.subarray(0, 100_000), () => response.destroy());
}

/** One mount with a cache, one without. */
const configOf = (endpoint: string) => {
  const store = { type: 's3', bucket: 'bucket', endpoint, region: 'us-east-1', pathStyle: true };
  return {
    admin: { token: 'ADMIN_TOKEN' },
    transfers: { secret: 'ADMIN_TOKEN', store: { type: 'memory' } },
    cache: { type: 'memory' },
    mounts: [
      { path: '/cached', store },
      { path: '/direct', store, cache: false },
    ],
  };
};

describe.runIf(hasPrometheus || isFull)('in a Prometheus that scrapes a gateway', () => {
  let folder: string;
  let prometheus: Prometheus;
  let gateway: string;
  const storage = createServer(answer);

  const running = new Map<string, Promise<unknown>>();
  const held: Socket[] = [];

  async function download(path: string): Promise<void> {
    await (await fetch(`${gateway}/${path}`)).arrayBuffer();
  }

  /** A client that disconnects as soon as another one has begun. */
  async function hold(path: string): Promise<void> {
    const socket = connect(Number(new URL(gateway).port), '127.0.0.1');
    socket.write(`GET /${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await once(socket, 'data');
    held.push(socket);
    if (held.length > 1) held.shift()?.destroy();
  }

  /** Sends a request of each kind whose last one has ended. Rates of a quiet gateway are 0 / 0. */
  function ask(): void {
    const send = (path: string, work: (path: string) => Promise<void>) => {
      if (running.has(path)) return;
      running.set(
        path,
        work(path).finally(() => running.delete(path)),
      );
    };
    for (const path of ['cached/a.bin', 'cached/missing', 'direct/cut.bin', 'direct/down.bin']) send(path, download);
    send('direct/held.bin', hold);
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rangeway-monitoring-'));
    await once(storage.listen(0, '127.0.0.1'), 'listening');
    const { port }: AddressInfo | { port: number } = Object(storage.address());
    await writeFile(join(folder, 'config.json'), JSON.stringify(configOf(`http://127.0.0.1:${port}`)));
    const env = { ADMIN_TOKEN: TOKEN, AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' };
    ({ url: gateway } = await startServer(['serve', '--config', 'config.json', '--port', '0'], { cwd: folder, env }));
    prometheus = await startPrometheus(gateway, TOKEN, folder, [RULES]);
  });
  afterAll(async () => {
    await Promise.all(running.values());
    for (const socket of held) socket.destroy();
    await prometheus.stop();
    killAll();
    storage.closeAllConnections();
    storage.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  /** An expression as Grafana sends it, for all mounts. */
  const filledIn = (expr: string) =>
    expr.replaceAll('$mount', '.*').replaceAll('$__rate_interval', '4s').replaceAll('$__range', '1h');

  /** Panels of faults that these clients do not have. */
  const ZERO = /over the quota|rangeway_quota_refusals|rangeway_lost_transfer/;

  test.for(expressions)('the panel $name has numbers', { timeout: 60_000 }, async ({ expr }) => {
    const values = async () => (await prometheus.query(filledIn(expr))).map(({ value }) => value);
    const isShown = async () => {
      ask();
      const shown = (await values()).filter((value) => Number.isFinite(value));
      return ZERO.test(expr) ? shown.length > 0 : shown.some((value) => value > 0);
    };
    await expect.poll(isShown, { timeout: 50_000, interval: 200 }).toBe(true);
  });

  test('the mounts can be chosen', async () => {
    const [definition] = dashboard.templating.list.flatMap((variable) => variable.definition ?? []);
    const [, metric = '', label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(definition ?? '') ?? [];
    const mounts = new Set((await prometheus.query(metric)).map((sample) => sample.metric[label]));
    expect([...mounts]).toEqual(expect.arrayContaining(['/cached', '/direct']));
    for (const { name, expr } of expressions.filter((one) => one.expr.includes('$mount'))) {
      const direct = await prometheus.query(filledIn(expr.replaceAll('$mount', '/direct')));
      expect(direct.every((sample) => (sample.metric['mount'] ?? '/direct') === '/direct') ? '' : name).toBe('');
    }
  });

  test('the alerts of its faults wait to fire, and no other', { timeout: 60_000 }, async () => {
    const pending = async () => {
      ask();
      const samples = await prometheus.query('ALERTS');
      return samples
        .map(({ metric }) => [metric['alertname'], metric['mount'], metric['alertstate']].join(' '))
        .toSorted();
    };
    const expected = ['RangewayRequestsFail', 'RangewayStorageBreaks', 'RangewayStorageErrors'];
    await expect
      .poll(pending, { timeout: 50_000, interval: 200 })
      .toEqual(expected.map((name) => `${name} /direct pending`));
  });
});

/** For each alert: a series that starts it and one that does not, minute by minute, and when it has to be there. */
const FIRING: Readonly<Record<string, readonly [series: string, at: string, quiet: string]>> = {
  RangewayDown: ['up{job="rangeway"}|1 0x20', '4m', 'up{job="rangeway"}|1 0 1x20'],
  RangewayRequestsFail: [
    'rangeway_requests_total{mount="/"}|0+600x30;rangeway_failed_requests_total{mount="/"}|0+30x30',
    '12m',
    'rangeway_requests_total{mount="/"}|0+600x30;rangeway_failed_requests_total{mount="/"}|0+1x30',
  ],
  RangewayStorageErrors: [
    'rangeway_store_errors_total{mount="/",code="unavailable"}|0+60x30',
    '12m',
    'rangeway_store_errors_total{mount="/",code="archived"}|0+60x30',
  ],
  RangewayStorageBreaks: [
    'rangeway_continued_bodies_total{mount="/"}|0+60x60',
    '32m',
    'rangeway_continued_bodies_total{mount="/"}|0+1x60',
  ],
  RangewaySlowStart: [
    'rangeway_first_byte_seconds_bucket{mount="/",le="1"}|0+1x30;rangeway_first_byte_seconds_bucket{mount="/",le="10"}|0+60x30;rangeway_first_byte_seconds_bucket{mount="/",le="+Inf"}|0+60x30',
    '18m',
    'rangeway_first_byte_seconds_bucket{mount="/",le="1"}|0+60x30;rangeway_first_byte_seconds_bucket{mount="/",le="10"}|0+60x30;rangeway_first_byte_seconds_bucket{mount="/",le="+Inf"}|0+60x30',
  ],
  RangewayTransfersLost: [
    'rangeway_lost_transfer_changes_total|0 0 0 4x20',
    '5m',
    'rangeway_lost_transfer_changes_total|4x30',
  ],
};

describe.runIf(hasPrometheus || isFull)('the alerts', () => {
  const names = [...readFileSync(RULES, 'utf8').matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name);
  const promtool = (input: string, ...args: readonly string[]) =>
    spawnSync('promtool', args, { input, encoding: 'utf8' });

  test('are without fault, and name metrics that exist', () => {
    const { status, stdout, stderr } = promtool('', 'check', 'rules', RULES);
    expect({ status, found: stdout.includes(`${names.length} rules found`), stderr }).toEqual({
      status: 0,
      found: true,
      stderr: '',
    });
    expect(namesIn(readFileSync(RULES, 'utf8')).filter((name) => !metricNames().has(name))).toEqual([]);
    expect(names.toSorted()).toEqual(Object.keys(FIRING).toSorted());
  });

  test.for(names)('%s fires for its fault, and for nothing less', async (name) => {
    const folder = await mkdtemp(join(tmpdir(), 'rangeway-alerts-'));
    try {
      const [firing = '', at = '', quiet = ''] = FIRING[name] ?? [];
      const series = (text: string) =>
        text.split(';').map((one) => ({ series: one.split('|')[0], values: one.split('|')[1] }));
      // The alerts that fire at a time, by name alone: promtool compares labels as a whole.
      const testOf = (text: string, count: number) => ({
        interval: '1m',
        input_series: series(text),
        promql_expr_test: [
          {
            expr: `count(ALERTS{alertname="${name}",alertstate="firing"}) or vector(0)`,
            eval_time: at,
            exp_samples: [{ labels: '{}', value: count }],
          },
        ],
      });
      const file = join(folder, 'tests.yml');
      await writeFile(file, JSON.stringify({ rule_files: [RULES], tests: [testOf(firing, 1), testOf(quiet, 0)] }));
      const { status, stdout, stderr } = promtool('', 'test', 'rules', file);
      expect({ status, output: `${stdout}${stderr}` }).toMatchObject({ status: 0 });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
