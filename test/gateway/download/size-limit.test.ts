import { describe, expect, test } from 'vitest';
import { createGateway } from '../../../src/gateway/create-gateway.ts';
import { logObserver, type LogEntry } from '../../../src/observe/log.ts';
import type { LinkTarget, SizeLimit } from '../../../src/config/size-limit.ts';
import { memoryStore } from '../../../src/store/drivers/memory.ts';

const BYTES = Uint8Array.from({ length: 1_000 }, (_, i) => i & 0xff);

/** A gateway that can send 100 bytes, over an object of 1,000. */
async function open(overflow: Partial<SizeLimit>) {
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
    observers: [logObserver((entry) => entries.push(entry))],
    overflow: { limit: 100, policy: 'redirect', link, ...overflow },
  });
  const ask = async (headers: Record<string, string> = {}, method = 'GET', query = '') =>
    gateway.request(`/a%20b.bin${query}`, { method, headers });
  return { ask, entries, targets, etag: `"${etag?.opaque ?? ''}"` };
}

describe('redirect', () => {
  test('307 with no-store, readable by a page of another origin, after one storage operation', async () => {
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

  test('a response within the limit is sent, and HEAD is not redirected', async () => {
    const { ask } = await open({});
    expect((await ask({ Range: 'bytes=0-99' })).status).toBe(206);
    expect((await ask({ Range: 'bytes=0-100' })).status).toBe(307);
    const head = await ask({}, 'HEAD');
    expect([head.status, head.headers.get('Content-Length')]).toEqual([200, '1000']);
  });

  test('preconditions are evaluated first', async () => {
    const { ask, etag } = await open({});
    expect((await ask({ 'If-None-Match': etag })).status).toBe(304);
    expect((await ask({ 'If-Match': '"other"' })).status).toBe(412);
    expect((await ask({ Range: 'bytes=1000-' })).status).toBe(416);
    expect((await ask({ Range: 'bytes=0-499', 'If-Range': etag })).status).toBe(307);
  });

  test.each(['bytes=500-', 'bytes=0-9', 'bytes=-5', 'bytes=2000-'])(
    '%s with a stale If-Range is 412, because the redirected request would get a range again',
    async (range) => {
      const { ask, targets, entries } = await open({});
      const response = await ask({ Range: range, 'If-Range': '"other"' });
      expect(response.status).toBe(412);
      expect(response.headers.get('Content-Type')).toBe('application/problem+json');
      expect(response.headers.get('Cache-Control')).toBe('no-store');
      expect(await response.json()).toMatchObject({
        type: 'urn:rangeway:problem:changed',
        title: 'Object Has Changed',
        status: 412,
        detail: expect.stringContaining('Start over'),
      });
      expect(targets).toEqual([]);
      expect(entries).toMatchObject([{ status: 412, outcome: 'complete' }]);
    },
  );

  test.each(['"other"', 'W/"other"', 'other', 'Sun, 06 Nov 1994 08:49:37 GMT'])(
    'If-Range %s is 412 too',
    async (ifRange) => {
      const { ask } = await open({});
      expect((await ask({ Range: 'bytes=0-9', 'If-Range': ifRange })).status).toBe(412);
    },
  );

  test('several ranges with a stale If-Range are redirected, because S3 sends the whole object for them', async () => {
    const { ask } = await open({});
    expect((await ask({ Range: 'bytes=0-9,500-', 'If-Range': '"other"' })).status).toBe(307);
  });

  test('a stale If-Range for an object within the limit gets the whole object, also for HEAD', async () => {
    const fits = await open({ limit: 1_000 });
    expect((await fits.ask({ Range: 'bytes=0-9', 'If-Range': '"other"' })).status).toBe(200);
    const { ask } = await open({});
    expect((await ask({ Range: 'bytes=0-9', 'If-Range': '"other"' }, 'HEAD')).status).toBe(200);
  });

  test('another disposition is passed to the link', async () => {
    const { ask, targets } = await open({});
    await ask({}, 'GET', '?download');
    expect(targets[0]?.disposition).toContain('attachment');
  });

  test('without a link the response is refused', async () => {
    const { ask } = await open({ link: undefined });
    expect((await ask()).status).toBe(501);
    expect((await ask({ Range: 'bytes=0-9,500-', 'If-Range': '"other"' })).status).toBe(412);
  });
});

describe.each(['redirect', 'partial'] as const)('%s, with a link to the whole object', (policy) => {
  const linkWhole = async ({ key }: LinkTarget) => `https://cdn.example/whole/${key}`;
  const whole = 'https://cdn.example/whole/a b.bin';

  test.each(['bytes=500-', 'bytes=0-9', 'bytes=-5', 'bytes=2000-', 'bytes=0-9,500-'])(
    '%s with a stale If-Range is redirected to it',
    async (range) => {
      const { ask, targets } = await open({ policy, linkWhole });
      const response = await ask({ Range: range, 'If-Range': '"other"' });
      expect([response.status, response.headers.get('Location')]).toEqual([307, whole]);
      expect(response.headers.get('Cache-Control')).toBe('private, no-store');
      expect(targets).toEqual([]);
    },
  );

  test('so is a Range that is ignored for another reason', async () => {
    const { ask } = await open({ policy, linkWhole });
    expect((await ask({ Range: 'bytes=0-9,5-20' })).headers.get('Location')).toBe(whole);
  });

  test('a request without Range is not: the client may resume at the address that it was redirected to', async () => {
    const { ask, etag } = await open({ policy, linkWhole });
    expect((await ask()).headers.get('Location')).toBe('https://storage.example/link');
    expect((await ask({ 'If-Range': '"other"' })).headers.get('Location')).toBe('https://storage.example/link');
    const current = await ask({ Range: 'bytes=0-', 'If-Range': etag });
    expect(current.headers.get('Location')).toBe(policy === 'redirect' ? 'https://storage.example/link' : null);
  });

  test('is made for the key with the prefix of the mount', async () => {
    const store = memoryStore();
    await store.put('pub/a b.bin', BYTES);
    const overflow = { limit: 100, policy, link: linkWhole, linkWhole } as const;
    const gateway = createGateway({ store, prefix: 'pub/', observers: [], overflow });
    for (const headers of [{}, { Range: 'bytes=5-', 'If-Range': '"other"' }] as const) {
      const response = await gateway.request('/a%20b.bin', { headers });
      expect(response.headers.get('Location')).toBe('https://cdn.example/whole/pub/a b.bin');
    }
  });

  test('an object without one has the answers as before', async () => {
    const { ask } = await open({ policy, linkWhole: async () => undefined });
    expect((await ask({ Range: 'bytes=5-', 'If-Range': '"other"' })).status).toBe(412);
    expect((await ask({ Range: 'bytes=0-9,5-20' })).status).toBe(307);
  });
});

describe('partial', () => {
  test('a range is cut, with the Content-Range of the bytes sent', async () => {
    const { ask, entries } = await open({ policy: 'partial' });
    const response = await ask({ Range: 'bytes=300-' });
    expect(response.status).toBe(206);
    expect(response.headers.get('Content-Range')).toBe('bytes 300-399/1000');
    expect(response.headers.get('Content-Length')).toBe('100');
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(BYTES.slice(300, 400));
    await expect.poll(() => entries).toMatchObject([{ storageReads: 2, bytesSent: 100, bytesRead: 100 }]);
  });

  test('the whole object and several ranges are redirected', async () => {
    const { ask } = await open({ policy: 'partial' });
    expect((await ask()).status).toBe(307);
    expect((await ask({ Range: 'bytes=0-99,500-599' })).status).toBe(307);
  });

  test('a stale If-Range is 412', async () => {
    const { ask } = await open({ policy: 'partial' });
    expect((await ask({ Range: 'bytes=300-', 'If-Range': '"other"' })).status).toBe(412);
  });
});

describe.each(['redirect', 'partial', 'refuse'] as const)('%s', (policy) => {
  test('several ranges that exceed the limit only by their part headers get the whole object, pinned', async () => {
    const { ask, etag, targets, entries } = await open({ policy, limit: 1_000 });
    const response = await ask({ Range: 'bytes=0-499,500-999', 'If-Range': etag });
    expect(response.status).toBe(200);
    expect(response.headers.get('Content-Length')).toBe('1000');
    expect(response.headers.get('Content-Range')).toBeNull();
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(BYTES);
    expect(targets).toEqual([]);
    await expect.poll(() => entries).toMatchObject([{ status: 200, bytesSent: 1_000, outcome: 'complete' }]);
  });
});

test('refuse is a 412 for a stale If-Range, so the client can request ranges of the new version', async () => {
  const { ask } = await open({ policy: 'refuse', linkWhole: async () => 'https://cdn.example/whole' });
  for (const range of ['bytes=0-9', 'bytes=0-9,500-']) {
    const response = await ask({ Range: range, 'If-Range': '"other"' });
    expect(response.status).toBe(412);
    expect(await response.json()).toMatchObject({ type: 'urn:rangeway:problem:changed' });
  }
});

test('refuse is no 412 if If-Range matches and the ranges are ignored', async () => {
  const { ask, etag } = await open({ policy: 'refuse' });
  expect((await ask({ Range: 'bytes=0-9,5-', 'If-Range': etag })).status).toBe(501);
});

test('refuse is a 501 with the size of the response and the limit', async () => {
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
