import { describe, expect, test } from 'vitest';
import { createGateway } from '../../src/gateway/gateway.ts';
import type { LogEntry } from '../../src/gateway/log.ts';
import type { LinkTarget, Overflow } from '../../src/gateway/overflow.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';

const BYTES = Uint8Array.from({ length: 1_000 }, (_, i) => i & 0xff);

/** A gateway that can send 100 bytes, over an object of 1,000. */
async function open(overflow: Partial<Overflow>) {
  const store = memoryStore();
  const { etag } = await store.put('a b.bin', BYTES);
  const entries: LogEntry[] = [];
  const targets: LinkTarget[] = [];
  const link = async (target: LinkTarget) => {
    targets.push(target);
    return 'https://storage.example/link';
  };
  const gateway = createGateway({
    store,
    log: (entry) => entries.push(entry),
    overflow: { limit: 100, policy: 'redirect', link, ...overflow },
  });
  const ask = async (headers: Record<string, string> = {}, method = 'GET', query = '') =>
    gateway.request(`/a%20b.bin${query}`, { method, headers });
  return { ask, entries, targets, etag: `"${etag?.opaque ?? ''}"` };
}

describe('redirect', () => {
  test('307, kept by nobody, readable from a page, after one storage operation', async () => {
    const { ask, entries, targets } = await open({});
    const response = await ask();
    expect(response.status).toBe(307);
    expect(response.headers.get('Location')).toBe('https://storage.example/link');
    expect(response.headers.get('Cache-Control')).toBe('private, no-store');
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*');
    expect(await response.text()).toBe('');
    expect(entries).toMatchObject([{ status: 307, storageReads: 1, bytesSent: 0, outcome: 'complete' }]);
    expect(targets).toMatchObject([{ key: 'a b.bin', representation: { size: 1_000 }, disposition: undefined }]);
  });

  test('what fits is sent, HEAD is answered here', async () => {
    const { ask } = await open({});
    expect((await ask({ Range: 'bytes=0-99' })).status).toBe(206);
    expect((await ask({ Range: 'bytes=0-100' })).status).toBe(307);
    const head = await ask({}, 'HEAD');
    expect([head.status, head.headers.get('Content-Length')]).toEqual([200, '1000']);
  });

  test('conditions are evaluated first', async () => {
    const { ask, etag } = await open({});
    expect((await ask({ 'If-None-Match': etag })).status).toBe(304);
    expect((await ask({ 'If-Match': '"other"' })).status).toBe(412);
    expect((await ask({ Range: 'bytes=1000-' })).status).toBe(416);
    expect((await ask({ Range: 'bytes=0-499', 'If-Range': etag })).status).toBe(307);
  });

  test('a range that If-Range turns into the whole is refused: sent on, it would be a range again', async () => {
    const { ask, targets } = await open({});
    const response = await ask({ Range: 'bytes=500-', 'If-Range': '"other"' });
    expect(response.status).toBe(501);
    expect(await response.text()).toContain('If-Range');
    expect(targets).toEqual([]);
  });

  test('the link is told of another disposition', async () => {
    const { ask, targets } = await open({});
    await ask({}, 'GET', '?download');
    expect(targets[0]?.disposition).toContain('attachment');
  });

  test('without a link it is a refusal', async () => {
    const { ask } = await open({ link: undefined });
    expect((await ask()).status).toBe(501);
  });
});

describe('partial', () => {
  test('the beginning of a range, named for what it is', async () => {
    const { ask, entries } = await open({ policy: 'partial' });
    const response = await ask({ Range: 'bytes=300-' });
    expect(response.status).toBe(206);
    expect(response.headers.get('Content-Range')).toBe('bytes 300-399/1000');
    expect(response.headers.get('Content-Length')).toBe('100');
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(BYTES.slice(300, 400));
    await expect.poll(() => entries).toMatchObject([{ storageReads: 2, bytesSent: 100, bytesRead: 100 }]);
  });

  test('the whole and several ranges are sent on', async () => {
    const { ask } = await open({ policy: 'partial' });
    expect((await ask()).status).toBe(307);
    expect((await ask({ Range: 'bytes=0-99,500-599' })).status).toBe(307);
  });
});

test('refuse is a 501 that says how much there is and how much fits', async () => {
  const { ask, entries } = await open({ policy: 'refuse' });
  const response = await ask();
  expect(response.status).toBe(501);
  expect(await response.json()).toMatchObject({
    status: 501,
    title: 'Not Implemented',
    detail: expect.stringContaining('1000 bytes, and this gateway sends 100'),
  });
  expect(entries).toMatchObject([{ status: 501, storageReads: 1, outcome: 'complete' }]);
});
