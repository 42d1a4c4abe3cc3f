import { expect, test } from 'vitest';
import { memoryTransferStore } from '../../../src/transfers/drivers/memory.ts';
import { describeTransferStore } from '../../contract/transfer-store.ts';

describeTransferStore('memory', async () => memoryTransferStore());

test('of too many transfers, those that were seen first are deleted', async () => {
  const store = memoryTransferStore({ maxTransfers: 2 });
  for (const [i, key] of ['a', 'b', 'c'].entries()) {
    const object = { mount: '/', key, etag: '"v"', size: 1 };
    const reader = { name: 'link:1', shard: 0 };
    await store.write([{ type: 'start', id: key, at: i, object, reader, asked: [{ start: 0, end: 1 }] }]);
  }
  expect((await store.list({}, 10)).map(({ key }) => key)).toEqual(['c', 'b']);
});
