import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { s3Store } from '../../src/store/drivers/s3.ts';
import { misbehaving } from '../s3/misbehaving.ts';

const START = Date.UTC(2026, 0, 1);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: START });
});

afterEach(() => {
  vi.useRealTimers();
});

interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly expiration?: Date;
}

const KEY: Key = { accessKeyId: 'a', secretAccessKey: 'b' };

async function storage(credentials: () => Promise<Key> = async () => KEY, date?: () => Date) {
  const server = await misbehaving((_, res) => {
    if (date === undefined) return void res.writeHead(200, { 'Content-Length': 0 }).end();
    const body = '<Error><Code>RequestTimeTooSkewed</Code></Error>';
    res.writeHead(403, { 'Content-Length': body.length, Date: date().toUTCString() }).end(body);
  });
  const client = new S3Client({
    endpoint: server.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials,
  });
  return {
    store: s3Store(client, { bucket: 'bucket' }),
    signatures: () => server.asked.map(({ headers }) => headers.authorization),
    asked: server.asked,
    [Symbol.dispose]: () => server[Symbol.dispose](),
  };
}

describe('signatures for S3', () => {
  test('are the same for all ranges and conditions, which they do not cover', async () => {
    using s3 = await storage();
    await s3.store.read('key', { range: { form: 'bounded', start: 0, end: 9 } });
    vi.setSystemTime(START + 59_000);
    await s3.store.read('key', { range: { form: 'bounded', start: 9, end: 19 } });
    await s3.store.read('key', { conditions: { ifMatch: [{ opaque: 'tag', weak: false }] } });
    expect(new Set(s3.signatures()).size).toBe(1);
    expect(s3.signatures()[0]).toContain('SignedHeaders=host;x-amz-content-sha256;x-amz-date,');
    expect(s3.asked.map(({ headers }) => headers.range)).toEqual(['bytes=0-8', 'bytes=9-18', undefined]);
    expect(s3.asked[2]?.headers['if-match']).toBe('"tag"');
  });

  test('are made anew after a minute, and when the clock was put back', async () => {
    using s3 = await storage();
    for (const time of [0, 60_000, 30_000]) {
      vi.setSystemTime(START + time);
      await s3.store.read('key');
    }
    expect(new Set(s3.signatures()).size).toBe(3);
  });

  test('are of one method, key and version', async () => {
    using s3 = await storage();
    await s3.store.read('key');
    await s3.store.head('key');
    await s3.store.read('key2');
    await s3.store.read('key', { version: '' });
    await s3.store.read('key', { version: '2' });
    await s3.store.read('key', { version: '3' });
    await s3.store.read('key?versionId=3');
    expect(new Set(s3.signatures()).size).toBe(7);
  });

  test('go with the credentials that made them', async () => {
    let made = 0;
    using s3 = await storage(async () => ({
      ...KEY,
      accessKeyId: `a${++made}`,
      expiration: new Date(START + made * 310_000),
    }));
    await s3.store.read('key');
    vi.setSystemTime(START + 20_000);
    await s3.store.read('key');
    expect(s3.signatures()[0]).toContain('Credential=a1/');
    expect(s3.signatures()[1]).toContain('Credential=a2/');
  });

  test('end with the credentials that made them, though these are given on', async () => {
    const expired = { ...KEY, expiration: new Date(START + 10_000) };
    using s3 = await storage(async () => expired);
    await s3.store.read('key');
    vi.setSystemTime(START + 9_000);
    await s3.store.read('key');
    vi.setSystemTime(START + 11_000);
    await s3.store.read('key');
    const [first, second, third] = s3.signatures();
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  test('are of the corrected time after the clock proved off', async () => {
    using s3 = await storage(undefined, () => new Date(START + 3_600_000));
    await expect(s3.store.read('key')).rejects.toMatchObject({ code: 'unavailable' });
    await expect(s3.store.read('key')).rejects.toMatchObject({ code: 'denied' });
    expect(s3.asked[0]?.headers['x-amz-date']).toBe('20260101T000000Z');
    expect(s3.asked[1]?.headers['x-amz-date']).toBe('20260101T010000Z');
  });

  test('are forgotten, the oldest first, so that no number of keys fills the memory', async () => {
    using s3 = await storage();
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
