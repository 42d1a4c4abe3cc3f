import { expect, test } from 'vitest';
import type { PrimaryMessage, WorkerMessage } from '../../../src/cli/cluster/messages.ts';
import { relayedTransfers, transferRelay } from '../../../src/cli/cluster/transfer-relay.ts';
import type { WorkerProcess } from '../../../src/cli/cluster/worker-process.ts';
import { memoryTransferStore } from '../../../src/transfers/drivers/memory.ts';
import { transferStoreBusy, type TransferStore } from '../../../src/transfers/transfer-store.ts';
import { request, span } from '../../contract/transfer-requests.ts';
import { describeTransferStore } from '../../contract/transfer-store.ts';

/** A worker whose messages go through JSON, as those between processes do. */
function connect(own: TransferStore) {
  const relay = transferRelay(own);
  const copy = <Message>(message: Message): Message => JSON.parse(JSON.stringify(message));
  const never = new Promise<never>(() => undefined);
  const worker: WorkerProcess = {
    pid: undefined,
    listening: never,
    stopping: never,
    ended: never,
    send: (message: PrimaryMessage) => {
      if (message.type === 'transfers') remote.receive(message.id, copy(message.result));
    },
    kill: () => undefined,
  };
  const remote = relayedTransfers((message: WorkerMessage) => relay.handle(copy(message), worker));
  return { relay, worker, store: remote.store };
}

describeTransferStore('a worker process', async () => {
  const own = memoryTransferStore();
  // The timer of the primary process is not part of the contract.
  return { ...connect(own).store, maintain: own.maintain };
});

test('the requests of a worker that has ended run no more', async () => {
  const { relay, worker, store } = connect(memoryTransferStore());
  const { start } = request(span(0, 100));
  await store.write([{ ...start, id: 'process-1-7' }]);
  expect(await store.list({}, 10)).toEqual([expect.objectContaining({ state: 'active' })]);
  relay.leave(worker);
  await expect.poll(() => store.list({ state: 'paused' }, 10)).toHaveLength(1);
});

test('a locked store is told as such, so that the worker writes again', async () => {
  const write = async () => {
    throw transferStoreBusy(new Error('locked'));
  };
  const { store } = connect({ ...memoryTransferStore(), write });
  await expect(store.write([])).rejects.toMatchObject({ name: 'TransferStoreBusy' });
});
