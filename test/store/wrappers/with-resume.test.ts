import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { memoryStore } from '../../../src/store/drivers/memory.ts';
import {
  type ObjectStore,
  type OpenObject,
  type ReadOptions,
  type ReadResult,
} from '../../../src/store/object-store.ts';
import { newRequestStats } from '../../../src/store/request-stats.ts';
import { withResume, type ResumeOptions } from '../../../src/store/wrappers/with-resume.ts';
import { retryBudget, withRetryBudget } from '../../../src/store/wrappers/retry-budget.ts';
import { storeError } from '../../../src/store/store-error.ts';
import { describeObjectStore } from '../../contract/object-store.ts';
import { withInterruptions, withTag, type Break } from '../with-interruptions.ts';

const FAST: ResumeOptions = { idleTimeout: 40, patience: 5_000, backoff: { first: 1, most: 2 } };
const TEXT = 'The quick brown fox jumps over the lazy dog';

const unhandled: unknown[] = [];
const note = (reason: unknown) => void unhandled.push(reason);
beforeAll(() => void process.on('unhandledRejection', note));
afterAll(() => {
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

async function memoryOf(text = TEXT) {
  const store = memoryStore();
  const put = (key: string, content: string) => store.put(key, new TextEncoder().encode(content));
  await put('key', text);
  return { store, put };
}

async function open(store: ObjectStore, options: ReadOptions = {}): Promise<OpenObject> {
  const result = await store.read('key', options);
  if (result.type !== 'open') throw new Error(`it is ${result.type}`);
  return result;
}

const textOf = ({ body }: OpenObject) => new Response(body).text();

/** A store with scripted read results, which records the options of each read. */
function answering(store: ObjectStore, answer: (call: number, result: ReadResult) => ReadResult | Promise<ReadResult>) {
  const asked: ReadOptions[] = [];
  return {
    asked,
    store: {
      head: store.head,
      read: async (key: string, options: ReadOptions = {}) =>
        answer(asked.push(options) - 1, await store.read(key, { ...options, version: undefined })),
    },
  };
}

describe.each<Break>(['fails', 'ends', 'hangs'])('a body that %s', (how) => {
  test('is resumed at the exact byte, as often as needed', async () => {
    const { store } = await memoryOf();
    const stats = newRequestStats();
    const resumed = withResume(
      withInterruptions(store, () => ({ how, after: 10 })),
      FAST,
    );
    expect(await textOf(await open(resumed, { stats }))).toBe(TEXT);
    expect(stats).toEqual({ operations: 5, continued: 4 });
  });

  test('fails after three attempts in a row without a byte, and not before', async () => {
    const { store } = await memoryOf();
    const counted = answering(store, (_call, result) => result);
    const dying = withInterruptions(counted.store, (read) => ({ how, after: read === 0 ? 5 : 0 }));
    await expect(textOf(await open(withResume(dying, FAST)))).rejects.toMatchObject({ code: 'unavailable' });
    expect(counted.asked).toHaveLength(4);
    const recovering = withInterruptions(store, (read) => (read < 3 ? { how, after: 0 } : undefined));
    expect(await textOf(await open(withResume(recovering, FAST)))).toBe(TEXT);
  });

  test('of a range is resumed inside the range', async () => {
    const { store } = await memoryOf();
    const cut = withInterruptions(store, () => ({ how, after: 3 }));
    const opened = await open(withResume(cut, FAST), { range: { form: 'suffix', length: 8 } });
    expect(await textOf(opened)).toBe(TEXT.slice(-8));
  });

  test('without a strong tag is not resumed, and fails', async () => {
    const { store } = await memoryOf();
    for (const tag of ['weak', 'none'] as const) {
      const { store: loose, asked } = answering(store, (_call, result) =>
        result.type === 'open' ? withTag(result, tag) : result,
      );
      const cut = withInterruptions(loose, () => ({ how, after: 10 }));
      await expect(textOf(await open(withResume(cut, FAST)))).rejects.toMatchObject({ code: 'unavailable' });
      expect(asked).toHaveLength(1);
    }
  });
});

describe('a resumed read is pinned and checked', () => {
  const cutOnce = (store: ObjectStore) =>
    withInterruptions(store, (read) => (read === 0 ? { how: 'fails', after: 10 } : undefined));

  test('a replaced object fails with version-changed, and none of its bytes is sent', async () => {
    const { store, put } = await memoryOf();
    const opened = await open(withResume(cutOnce(store), FAST));
    await put('key', TEXT.toUpperCase());
    const reader = opened.body.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe(TEXT.slice(0, 10));
    await expect(reader.read()).rejects.toMatchObject({ code: 'version-changed' });
  });

  test('the replaced version is read by its version id if the storage still has it', async () => {
    const { store } = await memoryOf();
    const { store: versioned, asked } = answering(store, (call, result) => {
      if (call === 1) return { type: 'version-changed' };
      if (result.type !== 'open') return result;
      return { ...result, representation: { ...result.representation, version: 'v1' } };
    });
    expect(await textOf(await open(withResume(cutOnce(versioned), FAST)))).toBe(TEXT);
    expect(asked.map(({ version }) => version)).toEqual([undefined, undefined, 'v1']);
  });

  test('a version that is denied counts as changed', async () => {
    const { store } = await memoryOf();
    const { store: versioned } = answering(store, (call, result) => {
      if (call === 1) return { type: 'version-changed' };
      if (call === 2) throw storeError('denied', 'no permission');
      if (result.type !== 'open') return result;
      return { ...result, representation: { ...result.representation, version: 'v1' } };
    });
    await expect(textOf(await open(withResume(cutOnce(versioned), FAST)))).rejects.toMatchObject({
      code: 'version-changed',
    });
  });

  const wrong: readonly (readonly [string, (opened: OpenObject) => OpenObject])[] = [
    ['another tag', (opened) => withTag(opened, 'other')],
    ['no tag', (opened) => withTag(opened, 'none')],
    ['another size', (o) => ({ ...o, representation: { ...o.representation, size: o.representation.size + 1 } })],
    ['an earlier start', (opened) => ({ ...opened, span: { ...opened.span, start: 0 } })],
    ['an earlier end', (opened) => ({ ...opened, span: { ...opened.span, end: opened.span.end - 1 } })],
  ];
  test.for(wrong)('%s is refused, retried, and then fails', async ([, falsify]) => {
    const { store } = await memoryOf();
    let cancelled = 0;
    const { store: lying, asked } = answering(store, (call, result) =>
      result.type === 'open' && call > 0 ? falsify(result) : result,
    );
    const watched = withInterruptions(
      lying,
      (read) => ({ how: 'fails', after: read === 0 ? 10 : 1_000 }),
      () => cancelled++,
    );
    await expect(textOf(await open(withResume(watched, FAST)))).rejects.toMatchObject({ code: 'unavailable' });
    expect(asked).toHaveLength(4);
    expect(cancelled).toBe(3);
  });

  test('a failing storage is retried; a denied read is not', async () => {
    for (const [code, reads] of [
      ['throttled', 4],
      ['unavailable', 4],
      ['denied', 2],
    ] as const) {
      const { store } = await memoryOf();
      const { store: failing, asked } = answering(store, (call, result) => {
        if (call > 0) throw storeError(code, 'not now');
        return result;
      });
      await expect(textOf(await open(withResume(cutOnce(failing), FAST)))).rejects.toThrow();
      expect(asked).toHaveLength(reads);
    }
  });

  test('more bytes than announced fail as an invalid response', async () => {
    const { store } = await memoryOf();
    const { store: generous } = answering(store, (_call, result) =>
      result.type === 'open' ? { ...result, span: { start: 0, end: 10 } } : result,
    );
    await expect(textOf(await open(withResume(generous, FAST)))).rejects.toMatchObject({ code: 'invalid-response' });
  });
});

describe('a client that disconnects', () => {
  test('closes the body', async () => {
    const { store } = await memoryOf();
    let cancelled = 0;
    const watched = withInterruptions(
      store,
      () => ({ how: 'hangs', after: 10 }),
      () => cancelled++,
    );
    const reader = (await open(withResume(watched, FAST))).body.getReader();
    await reader.read();
    await reader.cancel();
    expect(cancelled).toBe(1);
  });

  test('aborts a hanging read by its signal, without a retry', async () => {
    const { store } = await memoryOf();
    const { store: counted, asked } = answering(store, (_call, result) => result);
    const left = new AbortController();
    const hanging = withInterruptions(counted, () => ({ how: 'hangs', after: 10 }));
    const { body } = await open(withResume(hanging, { ...FAST, idleTimeout: 60_000 }), { signal: left.signal });
    const reader = body.getReader();
    await reader.read();
    const waiting = reader.read();
    left.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
    expect(asked).toHaveLength(1);
  });

  test('ends the wait between attempts', async () => {
    const { store } = await memoryOf();
    const left = new AbortController();
    const dying = withInterruptions(store, () => ({ how: 'fails', after: 0 }));
    const options = { ...FAST, backoff: { first: 60_000, most: 60_000 } };
    const { body } = await open(withResume(dying, options), { signal: left.signal });
    const text = new Response(body).text();
    setTimeout(() => left.abort(), 20);
    await expect(text).rejects.toMatchObject({ code: 'aborted' });
  });
});

test('a storage that breaks after each byte is retried only within the shared retry budget', async () => {
  const { store } = await memoryOf('x'.repeat(20_000));
  const drop = withResume(
    withInterruptions(store, () => ({ how: 'ends', after: 1 })),
    FAST,
  );
  const tallies = Array.from({ length: 100 }, newRequestStats);
  for (const stats of tallies)
    await expect(textOf(await open(drop, { stats }))).rejects.toMatchObject({ code: 'unavailable' });
  // The budget begins with 50, and each client request earns half a retry.
  expect(tallies[0]?.continued).toBe(50);
  expect(tallies.reduce((sum, { continued }) => sum + continued, 0)).toBe(99);
});

test('a storage that breaks after each 64 KiB is resumed at once, as often as needed', async () => {
  const text = 'x'.repeat(100 * 65_536);
  const { store } = await memoryOf(text);
  const stats = newRequestStats();
  const never = { first: 1e9, most: 1e9 };
  const drop = withInterruptions(store, () => ({ how: 'ends', after: 65_536 }));
  expect((await textOf(await open(withResume(drop, { ...FAST, backoff: never }), { stats }))).length).toBe(text.length);
  expect(stats.continued).toBe(99);
});

test('after fewer than 64 KiB, each attempt except the first waits longer than the one before', async () => {
  const { store } = await memoryOf('x'.repeat(20));
  const waits: number[] = [];
  const random = vi.spyOn(Math, 'random').mockImplementation(() => (waits.push(0), 0));
  const stats = newRequestStats();
  const drop = withInterruptions(store, () => ({ how: 'ends', after: 1 }));
  await textOf(await open(withResume(drop, FAST), { stats }));
  random.mockRestore();
  expect([stats.continued, waits.length]).toEqual([19, 18]);
});

test('a slow client does not count as a silent storage', async () => {
  const { store } = await memoryOf();
  const stats = newRequestStats();
  const { body } = await open(withResume(store, { ...FAST, idleTimeout: 10, patience: 10 }), { stats });
  await new Promise((resolve) => setTimeout(resolve, 40));
  expect(await new Response(body).text()).toBe(TEXT);
  expect(stats.continued).toBe(0);
});

describeObjectStore('a store whose bodies break and are read on', async () => {
  const store = memoryStore();
  const broken = withInterruptions(store, (read) => ({ how: read % 2 === 0 ? 'fails' : 'ends', after: 1 + read ** 2 }));
  // More breaks than the budget allows to a storage in use.
  return {
    store: withResume(withRetryBudget(broken, retryBudget(1_000_000)), FAST),
    put: async (key, bytes) => void (await store.put(key, bytes)),
  };
});
