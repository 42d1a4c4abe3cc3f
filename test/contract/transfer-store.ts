import { afterEach, describe, expect, test } from 'vitest';
import {
  DAY,
  type TransferSummary,
  type TransferChange,
  type TransferPosition,
  type TransferStore,
} from '../../src/transfers/transfer-store.ts';
import { describeDays, describeEnds } from './transfer-days.ts';
import { describeReceipts } from './transfer-receipts.ts';
import { describeLinks } from './transfer-links.ts';
import { counts, MINUTE, NOON, ONE_DAY, only, request, SIZE, span, whole, type Opened } from './transfer-requests.ts';

/**
 * The contract of TransferStore, run against each driver.
 *
 * @param open makes an empty store that keeps a transfer for 30 days
 */
export function describeTransferStore(name: string, open: () => Promise<TransferStore>): void {
  describe(`${name} keeps the contract of TransferStore`, () => {
    const stores: TransferStore[] = [];
    afterEach(async () => {
      for (const store of stores.splice(0)) await store.close();
    });
    const opened = async (...turns: readonly (readonly TransferChange[])[]) => {
      const store = await open();
      stores.push(store);
      for (const turn of turns) await store.write(turn);
      return store;
    };
    describeProgress(opened);
    describeLists(opened);
    describeDays(opened);
    describeEnds(opened);
    describeReceipts(opened);
    describeLinks(opened);
  });
}

function describeProgress(opened: Opened): void {
  test('nothing is there at first', async () => {
    const store = await opened();
    expect(await store.list({}, 10)).toEqual([]);
    expect(await store.get('none')).toBeUndefined();
    expect(await store.downloads(ONE_DAY, 10)).toEqual([]);
    expect(await store.deleteTransfer('none')).toBe(false);
    expect(await store.deleteReader('none')).toBe(0);
    await store.write([]);
  });
  test('a download in two turns', async () => {
    const { start, end } = request(span(0, SIZE));
    const store = await opened([start]);
    const running = await only(store);
    expect(running).toMatchObject({ state: 'active', complete: 0, requests: 1 });
    expect(running.outcome).toBeUndefined();
    await store.write([end(span(0, SIZE), NOON + MINUTE)]);
    const transfer = await only(store);
    expect(transfer).toEqual({
      id: expect.stringMatching(/^[\w-]{8,64}$/),
      mount: '/',
      key: 'a.bin',
      etag: '"v1"',
      size: SIZE,
      reader: 'link:1',
      state: 'complete',
      complete: 1,
      progress: 0,
      approximate: false,
      firstSeen: NOON,
      lastSeen: NOON + MINUTE,
      requests: 1,
      connections: 1,
      bytesSent: SIZE,
      outcome: 'complete',
    });
    expect(await store.get(transfer.id)).toEqual({ ...transfer, intervals: [{ start: 0, end: SIZE, depth: 1 }] });
  });
  test('a download that was broken off and resumed is one', async () => {
    const [first, second] = [request(span(0, SIZE)), request(span(40, SIZE))];
    const store = await opened([first.start, first.end(span(0, 40))]);
    const paused = await only(store);
    expect(paused).toMatchObject({ state: 'paused', complete: 0, progress: 0.4, outcome: 'aborted' });
    expect((await store.get(paused.id))?.intervals).toEqual([{ start: 0, end: 40, depth: 1 }]);
    await store.write([second.start, second.end(span(40, SIZE))]);
    expect(await only(store)).toMatchObject({ state: 'complete', complete: 1, requests: 2, id: paused.id });
    expect(await counts(store)).toMatchObject({ complete: 1, started: 1, bytes: SIZE, readers: 1 });
  });
  test('a download in sixteen connections is one', async () => {
    const parts = Array.from({ length: 16 }, (_, i) => request(span(i * 6, i === 15 ? SIZE : i * 6 + 6)));
    const store = await opened(parts.map(({ start }) => start));
    expect(await only(store)).toMatchObject({ state: 'active', requests: 16, connections: 16 });
    await store.write(parts.toReversed().map(({ start, end }) => end(start.asked)));
    expect(await only(store)).toMatchObject({ state: 'complete', complete: 1 });
    expect(await counts(store)).toMatchObject({ complete: 1, started: 1 });
  });
  test('bytes that were sent twice begin no other download', async () => {
    const [first, second] = [request(span(0, SIZE)), request(span(30, SIZE))];
    const store = await opened([first.start, first.end(span(0, 50))], [second.start], [second.end(span(30, SIZE))]);
    expect(await only(store)).toMatchObject({ state: 'complete', complete: 1, progress: 0.2 });
    expect(await counts(store)).toMatchObject({ complete: 1, started: 1 });
    const third = request(span(0, SIZE));
    await store.write([third.start, third.end(span(0, 10))]);
    expect(await only(store)).toMatchObject({ state: 'paused', complete: 1 });
    expect(await counts(store)).toMatchObject({ complete: 1, started: 2 });
  });
  test('an unknown end that is not complete can be continued after any time', async () => {
    const [first, second] = [request(span(0, SIZE)), request(span(40, SIZE), { at: NOON + DAY })];
    const store = await opened([first.start], [first.end('unknown')]);
    await store.maintain(NOON + DAY);
    await store.write([second.start, second.end(span(40, SIZE))]);
    expect(await only(store)).toMatchObject({ state: 'complete', complete: 1 });
  });
  test('an unknown end counts up to the start of the next request', async () => {
    const [first, second] = [request(span(0, SIZE)), request(span(40, SIZE))];
    const store = await opened([first.start], [first.end('unknown')]);
    expect(await only(store)).toMatchObject({ state: 'paused', progress: 0, bytesSent: 0 });
    await store.write([second.start]);
    expect(await only(store)).toMatchObject({ state: 'active', progress: 0.4 });
    await store.write([second.end(span(40, SIZE))]);
    expect(await only(store)).toMatchObject({ state: 'complete', complete: 1 });
  });
  test('another version, mount, key, size or reader is another transfer', async () => {
    const store = await opened(
      [...whole(), ...whole({ etag: '"v2"' }), ...whole({ mount: '/b' })],
      [...whole({ key: 'b' }), ...whole({ size: 50 }), ...whole({ reader: 'link:2' })],
    );
    expect(await store.list({}, 10)).toHaveLength(6);
  });
  test('an empty object', async () => {
    const { start, end } = request([], { size: 0 });
    const store = await opened([start, { ...end([]), status: 200, outcome: 'complete' }]);
    expect(await only(store)).toMatchObject({ complete: 1, state: 'complete', progress: 0 });
  });
  test('the transfer of the month before is continued', async () => {
    const first = request(span(0, SIZE), { reader: 'client:old' });
    const store = await opened([first.start, first.end(span(0, 40))]);
    const second = request(span(40, SIZE), { reader: 'client:new', previousName: 'client:old' });
    await store.write([second.start, second.end(span(40, SIZE))]);
    expect(await only(store)).toMatchObject({ reader: 'client:new', complete: 1 });
    const third = request(span(0, 10), { reader: 'client:new', previousName: 'client:old' });
    await store.write([third.start]);
    expect(await only(store)).toMatchObject({ reader: 'client:new', requests: 3 });
  });
  test.for([
    ['in turns of their own', (changes: readonly TransferChange[]) => changes.map((change) => [change])],
    ['in one turn', (changes: readonly TransferChange[]) => [changes]],
    ['in two turns', (changes: readonly TransferChange[]) => [changes.slice(0, 1), changes.slice(1)]],
  ] as const)('requests that run over the end of a month, %s', async ([, toTurns]) => {
    const old = { reader: 'client:old' };
    const anew = { reader: 'client:new', previousName: 'client:old' };
    const [first, second, third] = [
      request(span(0, 40), old),
      request(span(40, 80), anew),
      request(span(80, SIZE), anew),
    ];
    const turns = toTurns([
      first.start,
      second.start,
      first.end(span(0, 40)),
      second.end(span(40, 80)),
      third.start,
      third.end(span(80, SIZE)),
    ]);
    const store = await opened(...turns);
    expect(await only(store)).toMatchObject({ complete: 1, requests: 3, state: 'complete' });
    await store.write(whole(anew));
    expect(await only(store)).toMatchObject({ complete: 2, requests: 4, reader: 'client:new' });
  });
  test('names of any characters', async () => {
    const odd = { key: 'ä/\u{1F600} "\\\'%_;--', reader: `user:${'x'.repeat(120)}\n\u{10FFFF}`, etag: '"\u00ff,"' };
    const store = await opened(whole(odd));
    expect(await only(store)).toMatchObject({ key: odd.key, reader: odd.reader, etag: odd.etag, complete: 1 });
    expect(await store.list({ key: odd.key, reader: odd.reader }, 10)).toHaveLength(1);
    expect(await store.downloads({ prefix: 'ä/\u{1F600} "\\', ...ONE_DAY }, 10)).toHaveLength(1);
  });
}

function describeLists(opened: Opened): void {
  test('filters', async () => {
    const { start } = request(span(0, 10), { key: 'b.bin', reader: 'link:2', mount: '/m' });
    const store = await opened([...whole(), start]);
    for (const filter of [{ key: 'b.bin' }, { reader: 'link:2' }, { mount: '/m' }, { state: 'active' }] as const) {
      expect(await store.list(filter, 10)).toEqual([expect.objectContaining({ key: 'b.bin' })]);
      expect(await store.list({ ...filter, reader: 'none' }, 10)).toEqual([]);
    }
    expect(await store.list({ state: 'complete' }, 10)).toEqual([expect.objectContaining({ key: 'a.bin' })]);
  });
  test('pages, newest first, while others are added', async () => {
    // Two of each time, so that the order within one time is needed too.
    const turn = Array.from({ length: 50 }, (_, i) => whole({ reader: `link:${i}`, at: NOON + Math.floor(i / 2) }));
    const store = await opened(turn.flat());
    const seen: TransferSummary[] = [];
    let after: TransferPosition | undefined;
    for (;;) {
      const page = await store.list({}, 7, after);
      seen.push(...page);
      after = page.at(-1);
      if (after === undefined) break;
      await store.write(whole({ reader: `later:${seen.length}`, at: NOON + DAY }));
    }
    expect(new Set(seen.map(({ reader }) => reader)).size).toBe(50);
    expect(seen.map(({ firstSeen }) => firstSeen)).toEqual(
      seen.map(({ firstSeen }) => firstSeen).toSorted((a, b) => b - a),
    );
  });
  test('a transfer is deleted', async () => {
    const store = await opened(whole());
    const { id } = await only(store);
    expect(await store.deleteTransfer(id)).toBe(true);
    expect(await store.get(id)).toBeUndefined();
    expect(await store.deleteTransfer(id)).toBe(false);
    await store.write(whole());
    expect(await only(store)).toMatchObject({ complete: 1 });
  });
  test('a reader is deleted', async () => {
    const store = await opened([...whole(), ...whole({ key: 'b' }), ...whole({ reader: 'link:2' })]);
    expect(await store.deleteReader('link:1')).toBe(2);
    expect(await only(store)).toMatchObject({ reader: 'link:2' });
    expect(await store.deleteReader('link:1')).toBe(0);
  });
}
