import { describe, expect, test } from 'vitest';
import { createGateway, memoryStore, type ListableStore } from '../../src/index.ts';
import { isServable } from '../../src/listing/entries.ts';
import { isReservedKey } from '../../src/store/key-rules.ts';

const RESERVED = [
  '.rangeway',
  '.rangeway/',
  '.rangeway/pieces/x',
  'a/.rangeway',
  'a/.rangeway/b',
  'v1/.rangeway/pieces/x',
];
const OTHERS = ['rangeway', 'a.rangeway/b', '.rangeway-x/a', 'a/.rangewayb', 'a/b.rangeway', '.Rangeway/a', ''];

describe('one rule for the keys of Rangeway itself', () => {
  test.each(RESERVED)('%j is one', (key) => expect([isReservedKey(key), isServable(key)]).toEqual([true, false]));
  test.each(OTHERS)('%j is none', (key) => expect([isReservedKey(key), isServable(key)]).toEqual([false, true]));

  test.each(['', 'v1/'])(
    'no such key is served, listed or asked for, on a mount with the prefix %j',
    async (prefix) => {
      const memory = memoryStore();
      for (const key of [...RESERVED, ...OTHERS].filter((one) => one !== '' && !one.endsWith('/')))
        await memory.put(prefix + key, new Uint8Array(1));
      const asked: string[] = [];
      const store: ListableStore = {
        ...memory,
        head: (key, options) => (asked.push(key), memory.head(key, options)),
        read: (key, options) => (asked.push(key), memory.read(key, options)),
      };
      const gateway = createGateway({ mounts: [{ store, prefix, listing: 'json' }], observers: [] });
      const list = async (folder: string): Promise<string> => (await gateway.request(`/${folder}?format=json`)).text();
      for (const key of RESERVED) expect((await gateway.request(`/${key}`)).status, key).toBe(404);
      for (const folder of ['', 'a/', 'v1/']) expect(await list(folder)).not.toMatch(/"\.rangeway\/?"/);
      expect(asked.filter(isReservedKey)).toEqual([]);
      expect((await gateway.request('/a/b.rangeway')).status).toBe(200);
    },
  );
});
