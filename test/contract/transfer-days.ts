import { expect, test } from 'vitest';
import { DAY } from '../../src/transfers/transfer-store.ts';
import { counts, MINUTE, NOON, only, request, SIZE, span, whole, type Opened } from './transfer-requests.ts';

/** Counts of days, in the contract of TransferStore. */
export function describeDays(opened: Opened): void {
  test('downloads of a reader are counted each', async () => {
    const store = await opened(whole(), whole(), whole({ reader: 'link:2' }));
    expect(await counts(store)).toEqual({
      mount: '/',
      key: 'a.bin',
      day: '2026-11-10',
      complete: 3,
      started: 3,
      redirected: 0,
      bytes: 3 * SIZE,
      readers: 2,
    });
  });
  test('they are counted once, before and after they are final', async () => {
    const store = await opened(whole());
    await store.maintain(NOON + 5 * MINUTE);
    expect(await counts(store)).toMatchObject({ complete: 1 });
    await store.maintain(NOON + 11 * MINUTE);
    expect(await counts(store)).toMatchObject({ complete: 1 });
    await store.write(whole({ at: NOON + 12 * MINUTE }));
    expect(await counts(store)).toMatchObject({ complete: 2, started: 2 });
    await store.maintain(NOON + 30 * MINUTE);
    await store.maintain(NOON + 60 * MINUTE);
    expect(await counts(store)).toMatchObject({ complete: 2, started: 2 });
  });
  test('a download across midnight counts on the day on which it is complete', async () => {
    const midnight = Date.parse('2026-11-11T00:00:00Z');
    const [first, second] = [
      request(span(0, SIZE), { at: midnight - MINUTE }),
      request(span(40, SIZE), { at: midnight + MINUTE }),
    ];
    const store = await opened([first.start, first.end(span(0, 40))], [second.start, second.end(span(40, SIZE))]);
    const both = { from: '2026-11-10', to: '2026-11-11' };
    const expected = [
      expect.objectContaining({ day: '2026-11-10', complete: 0, started: 1, bytes: 40 }),
      expect.objectContaining({ day: '2026-11-11', complete: 1, started: 0, bytes: 60 }),
    ];
    expect(await store.downloads(both, 10)).toEqual(expected);
    await store.maintain(midnight + 20 * MINUTE);
    expect(await store.downloads(both, 10)).toEqual(expected);
  });
  test('keys, prefixes, mounts, days and a limit', async () => {
    const store = await opened([
      ...whole({ key: 'a/1' }),
      ...whole({ key: 'a/2', mount: '/m' }),
      ...whole({ key: 'b' }),
      ...whole({ key: 'b', at: NOON + DAY }),
    ]);
    const keys = async (filter: object, limit = 10) =>
      (await store.downloads({ from: '2026-11-01', to: '2026-11-30', ...filter }, limit)).map(({ key }) => key);
    expect(await keys({})).toEqual(['a/1', 'a/2', 'b', 'b']);
    expect(await keys({ prefix: 'a/' })).toEqual(['a/1', 'a/2']);
    expect(await keys({ mount: '/m' })).toEqual(['a/2']);
    expect(await keys({ key: 'b' })).toEqual(['b', 'b']);
    expect(await keys({ from: '2026-11-11' })).toEqual(['b']);
    expect(await keys({ to: '2026-11-09' })).toEqual([]);
    expect(await keys({}, 2)).toEqual(['a/1', 'a/2']);
  });
  test('a redirect', async () => {
    const { end } = request([]);
    const redirect = { ...end([]), status: 307, outcome: 'redirected' } as const;
    const store = await opened([redirect]);
    expect(await only(store)).toMatchObject({ outcome: 'redirected', requests: 1, complete: 0, state: 'paused' });
    expect(await counts(store)).toMatchObject({ started: 1, redirected: 1, complete: 0, readers: 1 });
  });
  test('without a strong validator, requests are counted', async () => {
    for (const etag of [undefined, 'W/"v1"']) {
      const { start, end } = request(span(0, SIZE), { etag });
      const store = await opened([start, { ...end(span(0, SIZE)), status: 200 }]);
      expect(await store.list({}, 10)).toEqual([]);
      expect(await counts(store)).toMatchObject({ started: 1, complete: 1, bytes: SIZE, readers: 1 });
    }
  });
  test('counts of days outlive transfers and readers', async () => {
    const store = await opened(whole());
    await store.maintain(NOON + 29 * DAY);
    expect(await store.list({}, 10)).toHaveLength(1);
    await store.maintain(NOON + 31 * DAY);
    expect(await store.list({}, 10)).toEqual([]);
    expect(await counts(store)).toMatchObject({ complete: 1, started: 1, readers: 1 });
    // The names of the readers of that day are gone, so one that comes from the past counts again.
    await store.write(whole());
    expect(await counts(store)).toMatchObject({ complete: 2, readers: 2 });
  });
}

/** Requests whose end or start is lost, in the contract of TransferStore. */
export function describeEnds(opened: Opened): void {
  test('a clock that is set back', async () => {
    const store = await opened(whole(), whole({ at: NOON - DAY }));
    expect(await only(store)).toMatchObject({ firstSeen: NOON, lastSeen: NOON, complete: 2 });
  });
  test('requests of a process that has ended', async () => {
    const { start } = request(span(0, SIZE));
    const store = await opened([start]);
    await store.endRequestsOf('another');
    expect(await only(store)).toMatchObject({ state: 'active' });
    await store.endRequestsOf('r');
    expect(await only(store)).toMatchObject({ state: 'paused', progress: 0, outcome: 'aborted' });
    const next = request(span(30, SIZE));
    await store.write([next.start]);
    expect(await only(store)).toMatchObject({ state: 'active', progress: 0.3 });
  });
  test('a request without news for a day has ended', async () => {
    const store = await opened([request(span(0, SIZE)).start]);
    await store.maintain(NOON + 60 * MINUTE);
    expect(await only(store)).toMatchObject({ state: 'active' });
    await store.maintain(NOON + 25 * 60 * MINUTE);
    expect(await only(store)).toMatchObject({ state: 'paused' });
  });
  test('an end whose start is lost', async () => {
    const { end } = request(span(0, SIZE));
    const store = await opened([end(span(0, SIZE))]);
    expect(await only(store)).toMatchObject({ complete: 1, requests: 1, connections: 1 });
  });
  test('very many requests of one turn', async () => {
    const turn = Array.from({ length: 1_000 }, (_, i) => request(span(i % SIZE, (i % SIZE) + 1))).flatMap(
      ({ start, end }, i) => [start, end(span(i % SIZE, (i % SIZE) + 1))],
    );
    const store = await opened(turn);
    expect(await only(store)).toMatchObject({ complete: 10, progress: 0, requests: 1_000, bytesSent: 1_000 });
  });
}
