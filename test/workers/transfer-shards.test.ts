/// <reference types="@cloudflare/vitest-plugin/types" />
import { env, exports } from 'cloudflare:workers';
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { describe, expect, test } from 'vitest';
import type { TransferShard } from '../../src/platform/workers/transfer-shard.ts';
import { durableObjectTransferStore } from '../../src/transfers/drivers/durable-object.ts';
import type { TransferChange } from '../../src/transfers/transfer-store.ts';
import { describeTransferStore } from '../contract/transfer-store.ts';

let stores = 0;

/** Shards that no other test has. */
function shardNames(): (index: number) => DurableObjectStub<TransferShard> {
  const store = stores++;
  return (index) => env.TRANSFERS.getByName(`test-${store}-${index}`);
}

for (const shards of [1, 5]) {
  describeTransferStore(`durable-object with ${shards} shards`, async () =>
    durableObjectTransferStore({ shard: shardNames(), shards }),
  );
}

function download(at: number): TransferChange {
  const object = { mount: '/', key: 'a', etag: '"v"', size: 100 };
  return {
    type: 'end',
    id: 'r',
    at,
    object,
    reader: { name: 'link:1', shard: 0 },
    status: 200,
    outcome: 'complete',
    delivered: [{ start: 0, end: 100 }],
    bytesSent: 100,
  };
}

describe('alarms', () => {
  test('settle, and delete what is old', async () => {
    const shard = shardNames();
    const store = durableObjectTransferStore({ shard, retention: 1 });
    const now = Date.now();
    await store.write([download(now - 40 * 60_000)]);
    expect(await runDurableObjectAlarm(shard(0))).toBe(true);
    await runInDurableObject(shard(0), (_, { storage }) => {
      expect(storage.sql.exec('SELECT settled FROM transfers').toArray()).toEqual([{ settled: 1 }]);
    });
    // The next alarm is for the end of the retention.
    expect(await runDurableObjectAlarm(shard(0))).toBe(true);
    expect(await store.list({}, 10)).toHaveLength(1);
    await store.maintain(now + 3 * 24 * 60 * 60_000);
    expect(await store.list({}, 10)).toEqual([]);
    expect(await runDurableObjectAlarm(shard(0))).toBe(false);
  });
});

test('the Worker exports the class', () => {
  expect(Reflect.has(exports, 'TransferShard')).toBe(true);
});
