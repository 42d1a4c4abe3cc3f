import { expect, test } from 'vitest';
import { listEntries } from '../../src/listing/list-entries.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import type { ListableStore, ListOptions } from '../../src/store/listable-store.ts';

async function filled(files: number) {
  const store = memoryStore();
  for (let i = 0; i < files; i++) await store.put(`f${String(i).padStart(5, '0')}`, new Uint8Array(0));
  await store.put('z/x', new Uint8Array(0));
  const calls: ListOptions[] = [];
  const list: ListableStore['list'] = (prefix, options = {}) => (calls.push(options), store.list(prefix, options));
  return { list, calls };
}

test.each([
  [1, 1, [1]],
  [1_000, 1_000, [1_000]],
  [1_001, 1_001, [1_000, 1]],
  [2_500, 2_500, [1_000, 1_000, 500]],
  // The folder has 2,600 files and another folder.
  [2_601, 2_601, [1_000, 1_000, 601]],
  [50_000, 2_601, [1_000, 1_000, 1_000]],
])('a limit of %i lists %i entries', async (limit, entries, limits) => {
  const { list, calls } = await filled(2_600);
  const page = await listEntries(list, '', { delimiter: '/', limit });
  expect(page.objects.length + page.prefixes.length).toBe(entries);
  expect(new Set(page.objects.map(({ key }) => key)).size).toBe(page.objects.length);
  expect(page.prefixes).toEqual(entries === 2_601 ? ['z/'] : []);
  expect(calls.map((call) => call.limit)).toEqual(limits);
  expect(page.cursor === undefined).toBe(entries === 2_601);
});

test('a page goes on where the one before ended', async () => {
  const { list } = await filled(2_600);
  const first = await listEntries(list, '', { delimiter: '/', limit: 1_500 });
  const second = await listEntries(list, '', { delimiter: '/', limit: 1_500, cursor: first.cursor });
  expect([first.objects.length, second.objects[0]?.key, second.objects.length]).toEqual([1_500, 'f01500', 1_100]);
});

test('a storage that returns empty pages is not asked without end', async () => {
  let calls = 0;
  const list = async () => ({ objects: [], prefixes: [], cursor: String(calls++) });
  expect(await listEntries(list, '', { limit: 10_000 })).toMatchObject({ objects: [], cursor: '9' });
  expect(calls).toBe(10);
});
