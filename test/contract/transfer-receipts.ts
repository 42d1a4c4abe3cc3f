import { expect, test } from 'vitest';
import { counts, MINUTE, NOON, only, receipt, request, SIZE, span, whole, type Opened } from './transfer-requests.ts';

/** Receipts, in the contract of TransferStore. */
export function describeReceipts(opened: Opened): void {
  const all = span(0, SIZE);

  test('a receipt corrects what was only sent', async () => {
    const store = await opened(whole());
    const { id } = await only(store);
    await store.write([receipt(span(0, 8), { at: NOON + MINUTE })]);
    expect(await only(store)).toMatchObject({ id, state: 'paused', complete: 0, progress: 0.08, requests: 1 });
    expect((await store.get(id))?.intervals).toEqual([{ start: 0, end: 8, depth: 1 }]);
    const rest = request(span(8, SIZE), { at: NOON + 2 * MINUTE });
    await store.write([rest.start, rest.end(span(8, SIZE))]);
    expect(await only(store)).toMatchObject({ state: 'complete', complete: 1, progress: 0 });
    expect(await counts(store)).toMatchObject({ complete: 1, started: 1 });
  });
  test('a receipt with all bytes acknowledges, once', async () => {
    const first = request(all);
    const store = await opened([first.start, first.end(span(0, 30))], [receipt(all)]);
    const done = await only(store);
    expect(done).toMatchObject({ state: 'complete', complete: 1, progress: 0 });
    await store.write([receipt(all, { at: NOON + MINUTE })]);
    expect(await only(store)).toEqual(done);
    expect(await counts(store)).toMatchObject({ complete: 1, started: 1, bytes: 30 });
  });
  test('a download that was complete already is not counted again', async () => {
    const store = await opened(whole(), [receipt(all)], [receipt(all)]);
    expect(await only(store)).toMatchObject({ state: 'complete', complete: 1 });
    expect(await counts(store)).toMatchObject({ complete: 1, started: 1 });
  });
  test('bytes that were only sent, and are requested again, make no other download', async () => {
    // All was in the sockets when the client left with 80 bytes.
    const rest = request(span(80, SIZE));
    const store = await opened(whole(), [rest.start, rest.end(span(80, SIZE))], [receipt(all)]);
    expect(await only(store)).toMatchObject({ state: 'complete', complete: 1, progress: 0 });
  });
  test('each download is acknowledged', async () => {
    const store = await opened(whole(), [receipt(all)], whole(), [receipt(all)], whole(), [receipt(all)]);
    expect(await only(store)).toMatchObject({ state: 'complete', complete: 3 });
    expect(await counts(store)).toMatchObject({ complete: 3, started: 3 });
  });
  test('a receipt closes what was redirected', async () => {
    const redirect = () => ({ ...request([]).end([]), status: 307, outcome: 'redirected' }) as const;
    const store = await opened([redirect()], [receipt(all)]);
    expect(await only(store)).toMatchObject({ state: 'complete', complete: 1, requests: 1 });
    await store.write([redirect()]);
    expect(await only(store)).toMatchObject({ state: 'paused', complete: 1 });
    await store.write([receipt(all), receipt(all)]);
    expect(await only(store)).toMatchObject({ state: 'complete', complete: 2 });
    expect(await counts(store)).toMatchObject({ complete: 2, started: 2, redirected: 2 });
  });
  test('a redirect after a download without a receipt begins another one', async () => {
    const redirect = { ...request([]).end([]), status: 307, outcome: 'redirected' } as const;
    const store = await opened(whole(), [redirect], [receipt(all)]);
    expect(await only(store)).toMatchObject({ complete: 2 });
  });
  test('a receipt of a download that no request was seen of', async () => {
    const store = await opened([receipt(span(0, 50))]);
    expect(await only(store)).toMatchObject({ state: 'paused', complete: 0, progress: 0.5, requests: 0 });
    await store.write([receipt(all)]);
    expect(await only(store)).toMatchObject({ state: 'complete', complete: 1 });
    // The reader has removed the file, and begins again.
    await store.write([receipt(span(0, 10))]);
    expect(await only(store)).toMatchObject({ state: 'paused', complete: 1, progress: 0.1 });
    await store.write([receipt(span(0, 10)), receipt(all)]);
    expect(await only(store)).toMatchObject({ state: 'complete', complete: 2 });
    expect(await counts(store)).toMatchObject({ complete: 2, started: 2, readers: 1, bytes: 0 });
  });
  test('some of the bytes came from elsewhere', async () => {
    const first = request(span(0, 10));
    const store = await opened(whole(), [first.start, first.end(span(0, 10)), receipt(all)]);
    expect(await only(store)).toMatchObject({ state: 'complete', complete: 2 });
  });
  test('an earlier download is not taken back', async () => {
    const next = request(all);
    const store = await opened(whole(), [next.start, next.end(span(0, 60))], [receipt(span(0, 40))]);
    expect(await only(store)).toMatchObject({ state: 'paused', complete: 1, progress: 0.4 });
    await store.write([receipt(span(0, 40)), receipt(span(0, 40))]);
    expect(await only(store)).toMatchObject({ complete: 1, progress: 0.4 });
  });
  test('a receipt closes unknown ends', async () => {
    const first = request(all);
    const store = await opened([first.start, first.end('unknown')], [receipt(span(0, 30))]);
    expect(await only(store)).toMatchObject({ complete: 0, progress: 0.3 });
    const next = request(span(50, SIZE));
    await store.write([next.start]);
    expect(await only(store)).toMatchObject({ complete: 0, progress: 0.3 });
  });
  test('bytes of a receipt do not count again when their request ends', async () => {
    const first = request(all);
    const store = await opened([first.start, receipt(span(0, 30))]);
    expect(await only(store)).toMatchObject({ state: 'active', progress: 0.3 });
    await store.write([first.end(all, NOON + MINUTE)]);
    expect(await only(store)).toMatchObject({ state: 'complete', complete: 1, progress: 0 });
  });
  test('a request that has ended before a receipt, and is written later, changes nothing', async () => {
    const first = request(all);
    const store = await opened([receipt(all, { at: NOON + 50 })], [first.start], [first.end(all, NOON + 20)]);
    expect(await only(store)).toMatchObject({ state: 'complete', complete: 1, progress: 0, requests: 1 });
    await store.write([receipt(all, { at: NOON + 90 })]);
    expect(await only(store)).toMatchObject({ state: 'complete', complete: 1 });
    expect(await counts(store)).toMatchObject({ complete: 1, started: 1 });
  });
  test('a client that has left before its receipt', async () => {
    const first = request(all);
    const store = await opened([first.start, receipt(span(0, 8))], [first.end(span(0, 55), NOON + 1)]);
    expect(await only(store)).toMatchObject({ state: 'paused', complete: 0, progress: 0.08 });
    const next = request(span(8, SIZE), { at: NOON + MINUTE });
    await store.write([next.start, next.end(span(8, SIZE))]);
    expect(await only(store)).toMatchObject({ state: 'complete', complete: 1, progress: 0 });
  });
  test('a clock that is set back', async () => {
    const store = await opened(whole(), [receipt(all)], whole({ at: NOON - 60 * MINUTE }));
    expect(await only(store)).toMatchObject({ complete: 2, lastSeen: NOON });
  });
  test('a batch of a log is written once', async () => {
    const batch = (name: string) => whole().map((change) => Object.assign(change, { batch: name }));
    const store = await opened(batch('a'), [...whole(), ...batch('a')], batch('b'));
    expect(await only(store)).toMatchObject({ complete: 3 });
    expect(await counts(store)).toMatchObject({ complete: 3, started: 3, bytes: 3 * SIZE });
  });
  test('a log that is imported after a receipt of its download adds nothing', async () => {
    const imported = whole().map((change) => Object.assign(change, { batch: 'a' }));
    const store = await opened([receipt(all, { at: NOON + 60 * MINUTE })], imported);
    expect(await only(store)).toMatchObject({ state: 'complete', complete: 1, progress: 0 });
  });
  test('an approximate transfer becomes exact', async () => {
    const size = 10_000;
    const turn = Array.from({ length: 1_100 }, (_, i) => request(span(2 * i, 2 * i + 1), { size }));
    const store = await opened(turn.flatMap(({ start, end }) => [start, end(start.asked)]));
    expect(await only(store)).toMatchObject({ approximate: true });
    await store.write([receipt(span(0, 5_000), { size })]);
    expect(await only(store)).toMatchObject({ approximate: false, complete: 0, progress: 0.5 });
  });
  test('an empty object', async () => {
    const { end } = request([], { size: 0 });
    const done = { ...end([]), status: 200, outcome: 'complete' } as const;
    const store = await opened([done], [receipt([], { size: 0 })], [receipt([], { size: 0 })]);
    expect(await only(store)).toMatchObject({ complete: 1, state: 'complete' });
    await store.write([done, receipt([], { size: 0 })]);
    expect(await only(store)).toMatchObject({ complete: 2, state: 'complete' });
  });
  test('a download is counted on its day, once', async () => {
    const store = await opened([receipt(all)]);
    await store.maintain(NOON + 11 * MINUTE);
    expect(await counts(store)).toMatchObject({ complete: 1 });
    await store.write([receipt(all, { at: NOON + 12 * MINUTE })]);
    await store.maintain(NOON + 30 * MINUTE);
    expect(await counts(store)).toMatchObject({ complete: 1, started: 1 });
  });
}
