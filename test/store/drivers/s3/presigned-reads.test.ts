import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { newRequestStats } from '../../../../src/store/request-stats.ts';
import { KEY, refuse, sendObject, signatureOf, loopbackS3 } from './loopback-s3.ts';

const START = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: START });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('presigned addresses', () => {
  test('are the same for all ranges and preconditions, which are not signed', async () => {
    using s3 = await loopbackS3(sendObject);
    await s3.store.read('key', { range: { form: 'bounded', start: 0, end: 9 } });
    vi.setSystemTime(START + 59_000);
    await s3.store.read('key', { range: { form: 'bounded', start: 9, end: 19 } }).catch(() => undefined);
    await s3.store.read('key', { conditions: { ifMatch: [{ opaque: 'tag', weak: false }] } });
    expect(new Set(s3.signatures()).size).toBe(1);
    expect(s3.asked.map((req) => signatureOf(req).signed)).toEqual(['host', 'host', 'host']);
    expect(s3.asked.map(({ headers }) => headers.range)).toEqual(['bytes=0-8', 'bytes=9-18', undefined]);
    expect(s3.asked[2]?.headers['if-match']).toBe('"tag"');
  });

  test('are signed again after a minute, and after the clock was set back', async () => {
    using s3 = await loopbackS3(sendObject);
    for (const time of [0, 60_500, 30_000]) {
      vi.setSystemTime(START + time);
      await s3.store.read('key');
    }
    expect(new Set(s3.signatures()).size).toBe(3);
  });

  test('differ by method, key and version', async () => {
    using s3 = await loopbackS3(sendObject);
    await s3.store.read('key');
    await s3.store.head('key');
    await s3.store.read('key2');
    await s3.store.read('key', { version: '' });
    await s3.store.read('key', { version: '2' });
    await s3.store.read('key', { version: '3' });
    await s3.store.read('key?versionId=3');
    expect(new Set(s3.signatures()).size).toBe(7);
  });

  test('are not used after their credentials expire, even if the provider still returns these', async () => {
    using s3 = await loopbackS3(sendObject, {
      credentials: async () => ({ ...KEY, expiration: new Date(START + 400_000) }),
    });
    for (const time of [350_000, 399_000, 401_000]) {
      vi.setSystemTime(START + time);
      await s3.store.read('key');
    }
    const [first, second, third] = s3.signatures();
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  test.each([
    { ...KEY, accessKeyId: 'c' },
    { ...KEY, secretAccessKey: 'c' },
    { ...KEY, sessionToken: 'c' },
  ])('are signed again with changed credentials: %o', async (other) => {
    let current: () => typeof KEY = () => ({ ...KEY, expiration: new Date(Date.now() + 1_000) });
    using s3 = await loopbackS3(sendObject, { credentials: async () => current() });
    await s3.store.read('key');
    current = () => other;
    await s3.store.read('key');
    const [first, second] = s3.signatures();
    expect(second).not.toBe(first);
    expect(s3.asked.map((req) => signatureOf(req).key)).toEqual([KEY.accessKeyId, other.accessKeyId]);
  });

  test('are reused if a provider returns equal credentials in a new object', async () => {
    using s3 = await loopbackS3(sendObject, { credentials: async () => ({ ...KEY }) });
    await s3.store.read('key');
    await s3.store.read('key');
    expect(new Set(s3.signatures()).size).toBe(1);
  });

  test('are evicted, the oldest first, so the memory is bounded for any number of keys', async () => {
    using s3 = await loopbackS3(sendObject);
    await s3.store.head('first');
    for (let i = 0; i < 1_000; i++) await s3.store.head(`key${i}`);
    vi.setSystemTime(START + 2_000);
    await s3.store.head('key999');
    await s3.store.head('first');
    const signatures = s3.signatures();
    expect(signatures[1001]).toBe(signatures[1000]);
    expect(signatures[1002]).not.toBe(signatures[0]);
  });
});

/** Like S3: has the object, and refuses signatures more than 15 minutes off its clock with a plain 403. */
function clockwise(ahead: number, ban?: () => string | undefined) {
  return loopbackS3(
    (req, res) => {
      const now = Date.now() + ahead;
      const { at, key } = signatureOf(req);
      if (key === ban?.()) refuse(req, res, 403, 'AccessDenied', new Date(now));
      else if (Math.abs(at - now) <= 900_000) sendObject(req, res);
      else refuse(req, res, 403, 'AccessDenied', new Date(now));
    },
    { forbidden: 'missing' },
  );
}

describe('if a 403 means missing, an existing object is never reported missing', () => {
  test.each([HOUR, -HOUR, 10 * 24 * HOUR, 0])('with a clock that is %i ms behind the storage', async (ahead) => {
    using s3 = await clockwise(ahead);
    const stats = newRequestStats();
    expect((await s3.store.read('key', { stats })).type).toBe('open');
    expect(stats.operations).toBe(ahead === 0 ? 1 : 2);
    expect(await s3.store.head('key')).toMatchObject({ size: 3 });
    expect((await s3.store.read('other')).type).toBe('open');
    // The clock offset is remembered.
    expect(s3.asked).toHaveLength(stats.operations + 2);
  });

  test('if a cached address has expired although the local clock says otherwise', async () => {
    let asleep = 0;
    using s3 = await loopbackS3(
      (req, res) => {
        if (signatureOf(req).at < START + asleep) refuse(req, res, 403, 'AccessDenied', new Date());
        else sendObject(req, res);
      },
      { forbidden: 'missing' },
    );
    expect((await s3.store.read('key')).type).toBe('open');
    expect(await s3.store.head('key')).toMatchObject({ size: 3 });
    asleep = 30_000;
    vi.setSystemTime(START + asleep);
    const stats = newRequestStats();
    expect((await s3.store.read('key', { stats })).type).toBe('open');
    expect(await s3.store.head('key', { stats })).toMatchObject({ size: 3 });
    expect(stats.operations).toBe(4);
    expect((await s3.store.read('key', { stats })).type).toBe('open');
    expect(stats.operations).toBe(5);
  });

  test.each([400, 401, 403])('if a cached address is refused with %i', async (status) => {
    let isRefusing = false;
    using s3 = await loopbackS3(
      (req, res) => {
        if (isRefusing) refuse(req, res, status, 'ExpiredToken', new Date());
        else sendObject(req, res);
        isRefusing = false;
      },
      { forbidden: 'missing' },
    );
    await s3.store.read('key');
    isRefusing = true;
    expect((await s3.store.read('key')).type).toBe('open');
    expect(s3.asked).toHaveLength(3);
  });

  test.each(['InvalidAccessKeyId', 'SignatureDoesNotMatch', 'RequestTimeTooSkewed', 'ExpiredToken'])(
    'if the credentials are refused with %s',
    async (code) => {
      using s3 = await loopbackS3((req, res) => refuse(req, res, 403, code, new Date()), { forbidden: 'missing' });
      await expect(s3.store.read('key')).rejects.toMatchObject({ code: 'denied' });
      await expect(s3.store.head('key')).rejects.toMatchObject({ code: 'denied' });
    },
  );

  test('if the error says that the request has expired', async () => {
    using s3 = await loopbackS3(
      (_, res) =>
        void res
          .writeHead(403, { Date: new Date().toUTCString() })
          .end('<Error><Code>AccessDenied</Code><X-Amz-Expires>900</X-Amz-Expires><ServerTime>x</ServerTime></Error>'),
      { forbidden: 'missing' },
    );
    await expect(s3.store.read('key')).rejects.toMatchObject({ code: 'denied' });
  });

  test('after a proxy with a wrong Date refused another object', async () => {
    using s3 = await loopbackS3(
      (req, res) => {
        const { at, pathname } = signatureOf(req);
        if (pathname.endsWith('/none')) refuse(req, res, 403, 'AccessDenied', new Date(START + HOUR));
        else if (Math.abs(at - Date.now()) <= 900_000) sendObject(req, res);
        else refuse(req, res, 403, 'AccessDenied', new Date(START + HOUR));
      },
      { forbidden: 'missing' },
    );
    expect((await s3.store.read('none')).type).toBe('missing');
    expect((await s3.store.read('key')).type).toBe('open');
    expect(s3.asked).toHaveLength(3);
  });

  test('in parallel requests while the clock offset is being found', async () => {
    using s3 = await clockwise(HOUR);
    const results = await Promise.all(
      Array.from({ length: 40 }, (_, i) => s3.store.read(`key${i % 4}`).then(({ type }) => type)),
    );
    expect(new Set(results)).toEqual(new Set(['open']));
  });

  test('after the credentials were rotated and the old ones are refused', async () => {
    let current = KEY;
    let banned: string | undefined;
    using server = await loopbackS3(
      (req, res) => {
        if (signatureOf(req).key === banned) refuse(req, res, 403, 'AccessDenied', new Date());
        else sendObject(req, res);
      },
      { forbidden: 'missing', credentials: async () => ({ ...current, expiration: new Date(Date.now() + 60_000) }) },
    );
    await server.store.read('key');
    banned = KEY.accessKeyId;
    current = { ...KEY, accessKeyId: 'new' };
    expect((await server.store.read('key')).type).toBe('open');
  });
});

describe('a 403 that persists', () => {
  const forbidding = (forbidden: 'missing' | 'denied') =>
    loopbackS3((req, res) => refuse(req, res, 403, 'AccessDenied', new Date()), { forbidden });

  test('is missing or denied by the setting `forbidden`, after one request with a new signature', async () => {
    using missing = await forbidding('missing');
    using denied = await forbidding('denied');
    expect(await missing.store.read('key')).toEqual({ type: 'missing' });
    await expect(denied.store.read('key')).rejects.toMatchObject({ code: 'denied' });
    expect([missing.asked.length, denied.asked.length]).toEqual([1, 1]);
  });

  test('is not cacheable as missing; a 404 is', async () => {
    using forbidden = await forbidding('missing');
    using gone = await loopbackS3((req, res) => refuse(req, res, 404, 'NoSuchKey'), { forbidden: 'missing' });
    const onForbidden = vi.fn();
    await gone.store.read('key', { onForbidden });
    await gone.store.head('key', { onForbidden });
    expect(onForbidden).not.toHaveBeenCalled();
    await forbidden.store.read('key', { onForbidden });
    expect(onForbidden).toHaveBeenCalledOnce();
    await forbidden.store.head('key', { onForbidden });
    expect(onForbidden).toHaveBeenCalledTimes(2);
  });
});
