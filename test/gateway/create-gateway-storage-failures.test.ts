import { describe, expect, test } from 'vitest';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { logObserver, type LogEntry } from '../../src/observe/log.ts';
import { resolveSpec } from '../../src/http/index.ts';
import type { ObjectStore, OpenObject, ReadOptions } from '../../src/store/object-store.ts';
import { storeError, type StoreErrorCode } from '../../src/store/store-error.ts';
import { bodyOf, representation, storeDouble } from './store-double.ts';

const SECRET = 'bucket prod-internal at 10.0.0.7';

function gatewayOver(store: ObjectStore) {
  const entries: LogEntry[] = [];
  return { gateway: createGateway({ store, observers: [logObserver((entry) => entries.push(entry))] }), entries };
}

describe('a storage that fails before the first byte', () => {
  const expected: readonly (readonly [StoreErrorCode, status: number, retryAfter: string | null])[] = [
    ['unavailable', 503, '5'],
    ['throttled', 503, '5'],
    ['version-changed', 503, '1'],
    ['archived', 409, null],
    ['denied', 502, null],
    ['invalid-response', 502, null],
    ['aborted', 503, '1'],
  ];
  test.for(expected)('%s is answered %i', async ([code, status, retryAfter]) => {
    const failing = () => Promise.reject(storeError(code, SECRET, new Error(`${SECRET}: stack`)));
    const { gateway, entries } = gatewayOver({ head: failing, read: failing });
    for (const method of ['GET', 'HEAD']) {
      const response = await gateway.request('/key', { method });
      const text = await response.text();
      expect(response.status).toBe(status);
      expect(response.headers.get('Retry-After')).toBe(retryAfter);
      expect(response.headers.get('Content-Type')).toBe('application/problem+json');
      expect(response.headers.get('Cache-Control')).toBe('no-store');
      expect(`${text}${JSON.stringify([...response.headers])}`).not.toContain('10.0.0.7');
      if (method === 'GET')
        expect(JSON.parse(text)).toMatchObject({ status, requestId: response.headers.get('X-Request-Id') });
    }
    expect(entries).toHaveLength(2);
    expect(entries[0]).toMatchObject({ status, outcome: 'failed', error: expect.stringContaining('10.0.0.7: stack') });
  });

  test('an internal error is a 500 without details', async () => {
    const { gateway, entries } = gatewayOver(
      storeDouble({
        read: () => {
          throw new TypeError(SECRET);
        },
      }),
    );
    const response = await gateway.request('/key');
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('10.0.0.7');
    expect(entries[0]?.error).toContain(`TypeError: ${SECRET}`);
  });
});

describe('an invalid response of the storage gives 502, and its body is closed', () => {
  const right: OpenObject = {
    type: 'open',
    representation: representation(10),
    span: { start: 2, end: 5 },
    body: bodyOf([]),
  };
  const wrong: readonly (readonly [string, Partial<OpenObject>])[] = [
    ['other bytes', { span: { start: 3, end: 6 } }],
    ['the whole of another version', { representation: representation(10, 'v2'), span: { start: 0, end: 10 } }],
    ['too short a span', { span: { start: 2, end: 4 } }],
    ['a span beyond the end', { representation: representation(4), span: { start: 2, end: 5 } }],
    ['another version than the one pinned', { representation: representation(10, 'v2') }],
    ['no size', { representation: representation(Number.NaN), span: { start: 2, end: 5 } }],
    ['a negative size', { representation: representation(-1), span: { start: 2, end: 5 } }],
  ];
  test.for(wrong)('%s', async ([, answer]) => {
    let cancelled = 0;
    const body = new ReadableStream<Uint8Array>({ cancel: () => void cancelled++ });
    const { gateway, entries } = gatewayOver(storeDouble({ read: () => ({ ...right, ...answer, body }) }));
    const response = await gateway.request('/key', { headers: { Range: 'bytes=2-4', 'If-Range': '"v1"' } });
    expect(response.status).toBe(502);
    expect(cancelled).toBe(1);
    expect(entries[0]).toMatchObject({ outcome: 'failed', bytesRead: 0 });
  });

  test('a whole object in place of a range is cut, because a storage may ignore Range (§14.2)', async () => {
    const body = bodyOf([new TextEncoder().encode('0123456789')]);
    const { gateway } = gatewayOver(storeDouble({ read: () => ({ ...right, span: { start: 0, end: 10 }, body }) }));
    const response = await gateway.request('/key', { headers: { Range: 'bytes=2-4', 'If-Range': '"v1"' } });
    expect([response.status, response.headers.get('Content-Range')]).toEqual([206, 'bytes 2-4/10']);
    expect(await response.text()).toBe('234');
  });

  test('an invalid size from head', async () => {
    const { gateway } = gatewayOver(storeDouble({ head: () => representation(1.5) }));
    expect((await gateway.request('/key', { method: 'HEAD' })).status).toBe(502);
  });
});

describe('a failure after the first byte breaks the body', () => {
  const bytes = new Uint8Array(10).fill(7);
  const bodies: readonly (readonly [string, () => ReadableStream<Uint8Array>, sent: number])[] = [
    ['that fails', () => bodyOf([bytes.subarray(0, 4)], storeError('unavailable', SECRET)), 4],
    ['that ends early', () => bodyOf([bytes.subarray(0, 9)]), 9],
    ['that ends at once', () => bodyOf([]), 0],
    ['that is too long', () => bodyOf([bytes, bytes]), 0],
    ['that is too long within a chunk', () => bodyOf([new Uint8Array(11)]), 0],
  ];
  test.for(bodies)('a body %s', async ([, body, sent]) => {
    const whole = { start: 0, end: 10 };
    const read = () => ({ type: 'open', representation: representation(10), span: whole, body: body() }) as const;
    const { gateway, entries } = gatewayOver(storeDouble({ read }));
    const response = await gateway.request('/key');
    expect(response.status).toBe(200);
    await expect(response.arrayBuffer()).rejects.toThrow();
    expect(entries).toMatchObject([{ status: 200, outcome: 'failed', bytesSent: sent, error: expect.any(String) }]);
  });
});

describe('an object that changes during a request', () => {
  /** Has version `tags[n]` at the nth read, and respects If-Match. */
  const changing = (tags: readonly string[], size = 200_000) =>
    storeDouble({
      read: ({ range, conditions }, call) => {
        const now = representation(size, tags[Math.min(call, tags.length - 1)]);
        const pin = conditions?.ifMatch;
        if (Array.isArray(pin) && !pin.some(({ opaque }) => opaque === now.etag?.opaque))
          return { type: 'version-changed', representation: now };
        const span = range === undefined ? { start: 0, end: size } : resolveSpec(range, size);
        if (span === undefined) return { type: 'unsatisfiable', representation: now };
        const fill = Number(now.etag?.opaque.slice(1));
        return {
          type: 'open',
          representation: now,
          span,
          body: bodyOf([new Uint8Array(span.end - span.start).fill(fill)]),
        };
      },
    });

  test('before the first byte: the request restarts with the new version', async () => {
    const { gateway, entries } = gatewayOver(changing(['v1', 'v2', 'v2']));
    // The date does not match, so the whole object is read, pinned to v1, which was replaced by then.
    const headers = { Range: 'bytes=100-', 'If-Range': 'Mon, 01 Jan 2001 00:00:00 GMT' };
    const response = await gateway.request('/key', { headers });
    expect(response.headers.get('ETag')).toBe('"v2"');
    expect((await response.bytes()).every((byte) => byte === 2)).toBe(true);
    expect(entries[0]?.storageReads).toBe(3);
  });

  test('with each read: 503 after a bounded number of reads', async () => {
    const { gateway, entries } = gatewayOver(changing(['v1', 'v2', 'v3', 'v4', 'v5', 'v6', 'v7', 'v8']));
    const headers = { Range: 'bytes=100-', 'If-Range': 'Mon, 01 Jan 2001 00:00:00 GMT' };
    expect((await gateway.request('/key', { headers })).status).toBe(503);
    expect(entries[0]?.storageReads).toBe(4);
  });

  test('between two parts: the body breaks, and no byte of the new version is sent', async () => {
    const { gateway, entries } = gatewayOver(changing(['v1', 'v2']));
    const response = await gateway.request('/key', { headers: { Range: 'bytes=0-9,199990-199999' } });
    expect(response.status).toBe(206);
    const received: number[] = [];
    const reading = async () => {
      for await (const chunk of response.body ?? []) received.push(...chunk);
    };
    await expect(reading()).rejects.toThrow();
    expect(received).toContain(1);
    expect(received).not.toContain(2);
    expect(entries[0]).toMatchObject({ outcome: 'failed', error: expect.stringContaining('version-changed') });
  });
});

describe('a body that must not be sent is closed', () => {
  const forbidden = () =>
    new ReadableStream<Uint8Array>(
      {
        pull: () => {
          throw new Error('the body was read');
        },
      },
      { highWaterMark: 0 },
    );
  const open = (range = { start: 0, end: 10 }) =>
    ({ type: 'open', representation: representation(10), span: range, body: forbidden() }) as const;
  const cases: readonly (readonly [number, Record<string, string>, string])[] = [
    [304, { 'If-None-Match': '"v1"' }, 'GET'],
    [304, { 'If-Modified-Since': 'Wed, 01 Jan 2020 00:00:00 GMT', Range: 'bytes=0-9' }, 'GET'],
    [412, { 'If-Match': '"v0"' }, 'GET'],
    [412, { 'If-Unmodified-Since': 'Mon, 01 Jan 2001 00:00:00 GMT' }, 'GET'],
    [200, {}, 'HEAD'],
    [304, { 'If-None-Match': '"v1"' }, 'HEAD'],
    [412, { 'If-Match': '"v0"' }, 'HEAD'],
  ];
  // A store that does not evaluate an optional precondition returns a body: it must be closed unread.
  test.for(cases)('%i for %o %s', async ([status, headers, method]) => {
    const read = ({ conditions }: ReadOptions) =>
      conditions?.ifMatch === undefined
        ? open()
        : ({ type: 'version-changed', representation: representation(10) } as const);
    const { gateway, entries } = gatewayOver(storeDouble({ head: () => representation(10), read }));
    const response = await gateway.request('/key', { method, headers });
    expect(response.status).toBe(status);
    await response.text();
    expect(entries).toMatchObject([{ outcome: 'complete', bytesRead: 0, storageReads: 1 }]);
  });

  test('416', async () => {
    const { gateway } = gatewayOver(
      storeDouble({ read: () => ({ type: 'unsatisfiable', representation: representation(10) }) }),
    );
    expect((await gateway.request('/key', { headers: { Range: 'bytes=10-' } })).status).toBe(416);
  });
});

test('if the clientAddress function of the app throws, no request is granted', async () => {
  const entries: LogEntry[] = [];
  const gateway = createGateway({
    store: storeDouble({}),
    clientAddress: () => {
      throw new Error('no such binding');
    },
    observers: [logObserver((entry) => entries.push(entry))],
  });
  const response = await gateway.request('/key');
  expect(response.status).toBe(500);
  expect(response.headers.get('Content-Type')).toBe('application/problem+json');
  expect(await response.text()).not.toContain('binding');
  expect(entries).toMatchObject([{ status: 500, outcome: 'failed', error: 'Error: no such binding' }]);
});
