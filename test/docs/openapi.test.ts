import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, test } from 'vitest';
import * as v from 'valibot';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { prometheusMetrics } from '../../src/observe/metrics/prometheus.ts';
import { trackTransfers } from '../../src/observe/transfers.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import { memoryTransferStore } from '../../src/transfers/drivers/memory.ts';

const ROOT = join(import.meta.dirname, '../..');
const TEXT = readFileSync(join(ROOT, 'docs/openapi.json'), 'utf8');
const Description = v.object({
  openapi: v.literal('3.1.1'),
  paths: v.record(
    v.string(),
    v.record(
      v.string(),
      v.object({ responses: v.record(v.string(), v.unknown()), security: v.optional(v.array(v.unknown())) }),
    ),
  ),
});
const { paths } = v.parse(Description, JSON.parse(TEXT));

describe('docs/openapi.json', () => {
  test('is what the schemas in code give', () => {
    const args = ['scripts/openapi.ts', '--check'];
    expect(execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })).toBe('');
  });

  test('is valid', async () => {
    expect(await new Validator().validate(JSON.parse(TEXT))).toEqual({ valid: true });
    // The validator notices a fault.
    const faulty = { ...JSON.parse(TEXT), paths: { '/a': { get: { responses: 1 } } } };
    expect(await new Validator().validate(faulty)).toMatchObject({ valid: false });
  });

  const token = 'a'.repeat(32);
  const transfers = trackTransfers({ store: memoryTransferStore() });
  const metrics = prometheusMetrics();
  const app = createGateway({ store: memoryStore(), transfers, metrics, admin: { token }, observers: [] });
  const methods = ['GET', 'PUT', 'POST', 'PATCH', 'DELETE'];
  const rows = Object.keys(paths).flatMap((path) => methods.map((method) => [method, path] as const));
  test.each(rows)('%s %s is described if it is answered', async (method, path) => {
    const url = `http://a${path.replace('{id}', 'none')}`;
    // The id of a transfer may be "import", which has another method.
    const other = path.endsWith('/import') ? paths['/.rangeway/transfers/{id}'] : undefined;
    const described = paths[path]?.[method.toLowerCase()] ?? other?.[method.toLowerCase()];
    const headers = { Authorization: `Bearer ${token}` };
    const bodies = { PUT: '{"revoked":true}', POST: JSON.stringify({ batch: 'a'.repeat(64), requests: [] }) };
    const content = method === 'PUT' || method === 'POST' ? { body: bodies[method] } : {};
    const response = await app.fetch(new Request(url, { method, headers, ...content }));
    expect(response.status !== 405).toBe(described !== undefined);
    if (described === undefined) return;
    expect(Object.keys(described.responses)).toContain(String(response.status));
    if (described.security?.length === 0) return;
    const refused = await app.fetch(new Request(url, { method }));
    expect([refused.status, Object.keys(described.responses)]).toEqual([401, expect.arrayContaining(['401'])]);
    if (!('400' in described.responses) || method === 'POST') return;
    const wrong = await app.fetch(new Request(`${url}?unknown`, { method, headers, ...content }));
    expect(wrong.status).toBe(400);
  });

  test('has each address that the pages have', () => {
    const [page, links] = ['transfers', 'links'].map((name) => readFileSync(join(ROOT, `docs/${name}.md`), 'utf8'));
    const named = [...`${page}${links}`.matchAll(/`(GET|PUT|POST|DELETE) (\/\.rangeway\/[\w/]+)/g)];
    expect(named.length).toBeGreaterThan(8);
    for (const [, method = '', address = ''] of named) {
      const path = address.replace(/\/ID$/, '/{id}');
      expect([path, Object.keys(paths[path] ?? {})]).toEqual([path, expect.arrayContaining([method.toLowerCase()])]);
    }
  });
});
