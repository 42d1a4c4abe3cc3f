import * as v from 'valibot';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createGateway } from '../../../src/gateway/create-gateway.ts';
import type { PlatformEnv } from '../../../src/gateway/gateway-request.ts';
import { TransferDetailsSchema, TransferSchema } from '../../../src/gateway/handlers/transfers-schema.ts';
import { trackTransfers } from '../../../src/observe/transfers.ts';
import { memoryStore } from '../../../src/store/drivers/memory.ts';
import { memoryTransferStore } from '../../../src/transfers/drivers/memory.ts';
import type { TransferStore } from '../../../src/transfers/transfer-store.ts';
import { request, span, whole } from '../../contract/transfer-requests.ts';

const TOKEN = 'a'.repeat(32);
const Changes = v.strictObject({ transfers: v.array(TransferSchema), removed: v.optional(v.array(v.string())) });

interface Event {
  readonly type: string;
  readonly id: string;
  readonly data: unknown;
}

function openGateway(store: TransferStore = memoryTransferStore(), platform: PlatformEnv = {}) {
  const ended: string[] = [];
  const transfers = trackTransfers({ store, warn: () => undefined });
  const observers = [{ end: ({ outcome }: { readonly outcome: string }) => void ended.push(outcome) }];
  const app = createGateway({ store: memoryStore(), transfers, admin: { token: TOKEN }, observers });
  const open = async (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) => {
    const fields = { Authorization: `Bearer ${TOKEN}`, Accept: 'text/event-stream', ...headers };
    const asked = new Request(`http://any.example/.rangeway/${path}`, { headers: fields, ...init });
    return app.fetch(asked, { ...platform });
  };
  return { store, open, ended };
}

/** Reads the events of a stream one after the other; `undefined` at its end. */
function eventsOf(response: Response) {
  expect(response.headers.get('Content-Type')).toBe('text/event-stream');
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const next = async (): Promise<Event | undefined> => {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end < 0) {
        const part = await reader?.read();
        if (part?.value === undefined) return undefined;
        text += part.value;
        continue;
      }
      const lines = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      const value = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? '';
      if (value('data') !== '') return { type: value('event'), id: value('id'), data: JSON.parse(value('data')) };
    }
  };
  return { next, cancel: () => reader?.cancel() };
}

afterEach(() => void vi.useRealTimers());

describe('a stream of transfers', () => {
  test('has the list, and then changes', async () => {
    const { store, open, ended } = openGateway();
    await store.write(whole());
    const events = eventsOf(await open('transfers'));
    const first = await events.next();
    expect(first?.type).toBe('transfers');
    expect(v.parse(Changes, first?.data).transfers).toEqual([expect.objectContaining({ complete: 1 })]);
    const { start, end } = request(span(0, 100), { reader: 'link:2' });
    await store.write([start]);
    const second = await events.next();
    expect(second?.type).toBe('changes');
    const { transfers, removed } = v.parse(Changes, second?.data);
    expect([transfers.map(({ reader, state }) => [reader, state]), removed]).toEqual([[['link:2', 'active']], []]);
    await store.write([end(span(0, 40))]);
    const third = v.parse(Changes, (await events.next())?.data);
    expect(third.transfers).toEqual([expect.objectContaining({ state: 'paused', progress: 0.4 })]);
    await store.deleteReader('link:2');
    expect(v.parse(Changes, (await events.next())?.data)).toEqual({ transfers: [], removed: [third.transfers[0]?.id] });
    await events.cancel();
    await expect.poll(() => ended).toEqual(['aborted']);
  });
  test('a client that connects again gets nothing that it has', async () => {
    const { store, open } = openGateway();
    await store.write(whole());
    const before = await eventsOf(await open('transfers')).next();
    const events = eventsOf(await open('transfers', { 'Last-Event-ID': before?.id ?? '' }));
    await store.write(whole({ key: 'b' }));
    const after = await events.next();
    expect(v.parse(Changes, after?.data).transfers.map(({ key }) => key)).toContain('b');
    // What has changed since the event is sent at once: here another server has never seen the id.
    const late = await eventsOf(await open('transfers', { 'Last-Event-ID': before?.id ?? '' })).next();
    expect(late?.type).toBe('transfers');
    expect(v.parse(Changes, late?.data).transfers).toHaveLength(2);
    expect(late?.id).not.toBe(before?.id);
  });
  test('takes the filters of the list, and no cursor', async () => {
    const { store, open } = openGateway();
    await store.write([...whole(), ...whole({ key: 'b' })]);
    const first = await eventsOf(await open('transfers?key=b')).next();
    expect(v.parse(Changes, first?.data).transfers.map(({ key }) => key)).toEqual(['b']);
    expect((await open('transfers?cursor=x')).status).toBe(400);
    expect((await open('transfers?state=none')).status).toBe(400);
  });
  test('takes the token, and a GET', async () => {
    const { open } = openGateway();
    expect((await open('transfers', { Authorization: 'Bearer none' })).status).toBe(401);
    const head = await open('transfers', {}, { method: 'HEAD' });
    expect([head.status, head.headers.get('Content-Type'), head.body]).toEqual([200, 'text/event-stream', null]);
  });
  test('other Accept fields get JSON, and so do clients of platforms without streams', async () => {
    const { open } = openGateway();
    for (const accept of ['*/*', 'text/html', 'application/text/event-stream', 'text/event-streams']) {
      expect((await open('transfers', { Accept: accept })).headers.get('Content-Type')).toBe('application/json');
    }
    const { open: openOnLambda } = openGateway(undefined, { allowsEventStreams: false });
    expect((await openOnLambda('transfers')).headers.get('Content-Type')).toBe('application/json');
  });
  test('a client that reads nothing causes no reads of the store', async () => {
    const memory = memoryTransferStore();
    let reads = 0;
    const store: TransferStore = { ...memory, list: (...args) => (reads++, memory.list(...args)) };
    vi.useFakeTimers();
    const response = await openGateway(store).open('transfers');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(reads).toBe(1);
    await response.body?.cancel();
    expect(vi.getTimerCount()).toBe(0);
  });
  test('without changes there is a comment every fifteen seconds', async () => {
    vi.useFakeTimers();
    const response = await openGateway().open('transfers');
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    await reader?.read();
    let comment: string | undefined;
    void reader?.read().then(({ value }) => (comment = value));
    await vi.advanceTimersByTimeAsync(14_000);
    expect(comment).toBeUndefined();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(comment).toBe(':\n\n');
    await reader?.cancel();
    expect(vi.getTimerCount()).toBe(0);
  });
  test('ends when the server stops', async () => {
    const stopping = new AbortController();
    const { open, ended } = openGateway(undefined, { stopping: stopping.signal });
    const events = eventsOf(await open('transfers'));
    await events.next();
    const next = events.next();
    stopping.abort();
    expect(await next).toBeUndefined();
    await expect.poll(() => ended).toEqual(['complete']);
    expect(await eventsOf(await open('transfers')).next()).toBeUndefined();
  });
  test('ends with its client', async () => {
    const { open, ended } = openGateway();
    const client = new AbortController();
    const events = eventsOf(await open('transfers', {}, { signal: client.signal }));
    await events.next();
    client.abort();
    expect(await events.next()).toBeUndefined();
    await expect.poll(() => ended).toEqual(['aborted']);
  });
  test('goes on after the store has failed', async () => {
    const memory = memoryTransferStore();
    let fails = false;
    let failures = 0;
    const list: TransferStore['list'] = (...args) =>
      fails ? (failures++, Promise.reject(new Error('it fails'))) : memory.list(...args);
    const { open } = openGateway({ ...memory, list });
    const events = eventsOf(await open('transfers'));
    await events.next();
    fails = true;
    expect((await open('transfers')).status).toBe(503);
    await memory.write(whole());
    const next = events.next();
    // The stream has asked too.
    await expect.poll(() => failures, { timeout: 10_000 }).toBeGreaterThan(1);
    fails = false;
    expect((await next)?.type).toBe('changes');
  });
});

describe('a stream of one transfer', () => {
  test('has all of it at each change, until it is deleted', async () => {
    const { store, open } = openGateway();
    const { start, end } = request(span(0, 100));
    await store.write([start]);
    const [{ id } = { id: '' }] = await store.list({}, 1);
    const events = eventsOf(await open(`transfers/${id}`));
    expect(v.parse(TransferDetailsSchema, (await events.next())?.data)).toMatchObject({ state: 'active' });
    await store.write([end(span(0, 40))]);
    const second = await events.next();
    expect(v.parse(TransferDetailsSchema, second?.data)).toMatchObject({ state: 'paused', intervals: [[0, 40, 1]] });
    const again = eventsOf(await open(`transfers/${id}`, { 'Last-Event-ID': second?.id ?? '' }));
    await store.deleteTransfer(id);
    for (const stream of [events, again]) {
      expect(await stream.next()).toMatchObject({ type: 'removed', data: { id } });
      expect(await stream.next()).toBeUndefined();
    }
    expect((await open(`transfers/${id}`)).status).toBe(404);
  });
});
