import { expect, test } from 'vitest';
import { RESERVATION_TIME, type QuotaReply, type QuotaRequest } from '../../src/transfers/link-quota.ts';
import { linkReader } from '../../src/transfers/reader-identity.ts';
import { DAY, IDLE_TIME, type TransferStore } from '../../src/transfers/transfer-store.ts';
import { NOON, only, request, SIZE, span, type Opened } from './transfer-requests.ts';

const MiB = 1024 * 1024;
const READER = linkReader('1');

/** A request of the link `1`. */
function asks(id: string, quota: QuotaRequest['quota'], bytes: number, at = NOON): QuotaRequest {
  return { reader: READER, id, at, quota, expires: NOON + DAY, bytes };
}

function settled(id: string, reserved: number, sent = reserved) {
  const end = { granted: reserved, sent, isBroken: false };
  return { type: 'settle', id, at: NOON, reader: READER, ...end } as const;
}

async function granted(reply: Promise<QuotaReply>): Promise<number> {
  const found = await reply;
  return found.type === 'granted' ? found.bytes : Number.NaN;
}

/** A complete download of the link `1`, as the tracker writes it. */
async function download(store: TransferStore, key = 'a.bin', at = NOON): Promise<void> {
  const { start, end } = request(span(0, SIZE), { reader: READER.name, key, at });
  await store.write([
    { ...start, reader: READER },
    { ...end(span(0, SIZE)), reader: READER },
  ]);
}

/** The part of the contract of TransferStore that is about links. */
export function describeLinks(opened: Opened): void {
  test('a link that was not used is not known', async () => {
    const store = await opened();
    expect(await store.getLink(READER)).toBeUndefined();
    expect(await store.forgetLink(READER)).toBe('unknown');
  });
  test('bytes are reserved, and settled', async () => {
    const store = await opened();
    expect(await granted(store.reserve(asks('p-1', { bytes: 100 }, 40)))).toBe(40);
    expect(await store.getLink(READER)).toEqual({
      isRevoked: false,
      downloads: 0,
      bytes: 0,
      reserved: 40,
      connections: 1,
      lastSeen: NOON,
    });
    await store.write([settled('p-1', 40, 30)]);
    expect(await store.getLink(READER)).toMatchObject({ bytes: 30, reserved: 0, connections: 0 });
    expect(await granted(store.reserve(asks('p-2', { bytes: 100 }, 400)))).toBe(70);
    await store.write([settled('p-2', 70)]);
    expect(await store.reserve(asks('p-3', { bytes: 100 }, 1))).toEqual({
      type: 'refused',
      reason: 'bytes',
      isTemporary: false,
    });
  });
  test('all connections at once reserve at most 16 MiB more than the limit', async () => {
    const store = await opened();
    const limit = 64 * MiB;
    const replies = Array.from({ length: 64 }, (_, i) =>
      granted(store.reserve(asks(`p-${i}`, { bytes: limit }, limit))),
    );
    const sums = (await Promise.all(replies)).filter((bytes) => bytes > 0);
    // None of sixteen connections is refused, as a program with many opens them.
    expect(sums.length).toBeGreaterThan(16);
    expect(sums.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(limit + 16 * MiB);
    expect((await store.getLink(READER))?.connections).toBe(sums.length);
  });
  test('complete downloads are counted over all keys and versions', async () => {
    const store = await opened();
    await download(store);
    expect(await granted(store.reserve(asks('p-1', { downloads: 2 }, 10)))).toBe(10);
    await download(store, 'b.bin');
    expect(await store.reserve(asks('p-2', { downloads: 2 }, 10))).toMatchObject({ reason: 'downloads' });
    expect((await store.getLink(READER))?.downloads).toBe(2);
    // A request that runs is not broken off.
    expect(await granted(store.reserve(asks('p-1', { downloads: 2 }, 10)))).toBe(10);
  });
  test('connections', async () => {
    const store = await opened();
    await store.reserve(asks('p-1', { connections: 1 }, 10));
    expect(await store.reserve(asks('p-2', { connections: 1 }, 10))).toEqual({
      type: 'refused',
      reason: 'connections',
      isTemporary: true,
    });
    await store.write([settled('p-1', 10)]);
    expect(await granted(store.reserve(asks('p-2', { connections: 1 }, 10)))).toBe(10);
  });
  test('reservations of a process that has ended count as sent', async () => {
    const store = await opened();
    await store.reserve(asks('p-1', { bytes: 1000 }, 100));
    await store.reserve(asks('q-1', { bytes: 1000 }, 10));
    await store.endRequestsOf('p-');
    expect(await store.getLink(READER)).toMatchObject({ bytes: 100, reserved: 10, connections: 1 });
    // The process was only slow: its report corrects the count.
    await store.write([settled('p-1', 100, 60)]);
    expect(await store.getLink(READER)).toMatchObject({ bytes: 60 });
    await store.reserve(asks('r-1', { bytes: 1000 }, 5, NOON + RESERVATION_TIME + 1));
    expect(await store.getLink(READER)).toMatchObject({ bytes: 70, reserved: 5, connections: 1 });
  });
  test('a link is revoked, and not forgotten while it is', async () => {
    const store = await opened();
    await store.reserve(asks('p-1', { bytes: 1000 }, 100));
    expect(await store.setRevoked(READER, true)).toMatchObject({ isRevoked: true, reserved: 100 });
    expect(await store.reserve(asks('p-2', { bytes: 1000 }, 100))).toMatchObject({ reason: 'revoked' });
    expect(await store.reserve(asks('p-1', { bytes: 1000 }, 100))).toMatchObject({ reason: 'revoked' });
    expect(await store.forgetLink(READER)).toBe('revoked');
    expect(await store.setRevoked(READER, false)).toMatchObject({ isRevoked: false });
    expect(await store.forgetLink(READER)).toBe('forgotten');
    expect(await store.getLink(READER)).toBeUndefined();
    // A link that the store has never seen.
    expect(await store.setRevoked(linkReader('2'), true)).toMatchObject({ isRevoked: true, bytes: 0 });
    await store.maintain(NOON + 400 * DAY);
    expect(await store.getLink(linkReader('2'))).toMatchObject({ isRevoked: true });
  });
  test('the use of a link without a quota is that of its transfers', async () => {
    const store = await opened();
    await download(store);
    expect(await store.getLink(READER)).toMatchObject({ downloads: 1, bytes: SIZE, connections: 0 });
    expect(await store.forgetLink(READER)).toBe('forgotten');
    expect(await store.list({}, 10)).toEqual([]);
  });
  test('downloads of a link are counted until it expires, whatever the retention is', async () => {
    const store = await opened();
    const expires = NOON + 100 * DAY;
    await store.reserve({ ...asks('p-1', { downloads: 1 }, SIZE), expires });
    await download(store);
    await store.write([settled('p-1', SIZE)]);
    await store.maintain(NOON + 2 * IDLE_TIME);
    await store.maintain(NOON + 60 * DAY);
    expect(await only(store)).toMatchObject({ complete: 1 });
    expect(await store.reserve({ ...asks('p-2', { downloads: 1 }, 1, NOON + 60 * DAY), expires })).toMatchObject({
      reason: 'downloads',
    });
    await store.maintain(NOON + 200 * DAY);
    expect(await store.getLink(READER)).toBeUndefined();
    expect(await store.list({}, 10)).toEqual([]);
  });
}
