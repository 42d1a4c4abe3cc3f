import { setTimeout as sleep } from 'node:timers/promises';
import type { TransferChange, TransferStore } from '../../transfers/transfer-store.ts';
import type { TransferCall, TransferResult, TransferValue, WorkerMessage } from './messages.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Handles the messages of workers that are calls of the store of transfers. */
export interface TransferRelay {
  handle(message: WorkerMessage, from: WorkerProcess): void;
  /** Ends the requests of a worker that has ended. */
  leave(worker: WorkerProcess): void;
}

/**
 * Creates the part of the primary process that calls the store of transfers for its workers. Only the primary process
 * opens the store, so that one process writes its file.
 */
export function transferRelay(store: TransferStore): TransferRelay {
  /** The beginning of the ids of each worker's requests. */
  const prefixes = new Map<WorkerProcess, string>();

  async function answer(id: number, call: TransferCall, from: WorkerProcess): Promise<void> {
    if (call.method === 'write') noteRequests(call.args[0], from);
    try {
      from.send({ type: 'transfers', id, result: { type: 'value', value: await run(store, call) } });
    } catch (error) {
      const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
      from.send({ type: 'transfers', id, result: { type: 'error', name, message } });
    }
  }

  function noteRequests([change]: readonly TransferChange[], from: WorkerProcess): void {
    if (change !== undefined) prefixes.set(from, change.id.slice(0, change.id.lastIndexOf('-') + 1));
  }

  return {
    handle(message, from) {
      if (message.type === 'transfers') void answer(message.id, message.call, from);
    },
    leave(worker) {
      const prefix = prefixes.get(worker);
      prefixes.delete(worker);
      if (prefix !== undefined) store.endRequestsOf(prefix).catch((error: unknown) => console.error(error));
    },
  };
}

function run(store: TransferStore, call: TransferCall): Promise<unknown> {
  switch (call.method) {
    case 'write':
      return store.write(...call.args);
    case 'get':
      return store.get(...call.args);
    case 'list':
      return store.list(...call.args);
    case 'downloads':
      return store.downloads(...call.args);
    case 'deleteTransfer':
      return store.deleteTransfer(...call.args);
    case 'deleteReader':
      return store.deleteReader(...call.args);
    case 'maintain':
      return store.maintain(...call.args);
    case 'endRequestsOf':
      return store.endRequestsOf(...call.args);
    case 'reserve':
      return store.reserve(...call.args);
    case 'getLink':
      return store.getLink(...call.args);
    case 'setRevoked':
      return store.setRevoked(...call.args);
    case 'forgetLink':
      return store.forgetLink(...call.args);
  }
}

/** How long a worker collects changes, in ms. */
const TURN_TIME = 100;

/** The store of transfers in a worker, and the function that takes the results of its calls. */
export interface RelayedTransfers {
  readonly store: TransferStore;
  receive(id: number, result: TransferResult): void;
}

/**
 * Creates the store of a worker. Its calls are those of the primary process's store.
 *
 * @param send sends a message to the primary process
 */
export function relayedTransfers(send: (message: WorkerMessage) => void): RelayedTransfers {
  const pending = new Map<number, (result: TransferResult) => void>();
  let lastId = 0;

  async function call<Value>(request: TransferCall): Promise<Value> {
    const id = ++lastId;
    const result = await new Promise<TransferResult>((resolve) => {
      pending.set(id, resolve);
      send({ type: 'transfers', id, call: request });
    });
    if (isValue<Value>(result)) return result.value;
    const { name, message } = result.type === 'error' ? result : { name: 'Error', message: 'no value' };
    throw Object.assign(new Error(message), { name });
  }

  return {
    store: {
      turnTime: TURN_TIME,
      async write(...args) {
        // Its download may have begun in another worker, which writes that within a turn.
        if (args[0].some(({ type }) => type === 'receipt')) await sleep(2 * TURN_TIME);
        await call({ method: 'write', args });
      },
      get: (...args) => call({ method: 'get', args }),
      // JSON would make null of an argument that is undefined.
      list: (filter, limit, after) =>
        call({ method: 'list', args: after === undefined ? [filter, limit] : [filter, limit, after] }),
      downloads: (...args) => call({ method: 'downloads', args }),
      deleteTransfer: (...args) => call({ method: 'deleteTransfer', args }),
      deleteReader: (...args) => call({ method: 'deleteReader', args }),
      // The primary process has a timer of its own.
      maintain: async () => undefined,
      endRequestsOf: (...args) => call({ method: 'endRequestsOf', args }),
      reserve: (...args) => call({ method: 'reserve', args }),
      getLink: (...args) => call({ method: 'getLink', args }),
      setRevoked: (...args) => call({ method: 'setRevoked', args }),
      forgetLink: (...args) => call({ method: 'forgetLink', args }),
      close: async () => undefined,
    },
    receive(id, result) {
      pending.get(id)?.(result);
      pending.delete(id);
    },
  };
}

/** Whether a call has succeeded. Both ends are the same version of this program, so its value has the right type. */
function isValue<Value>(result: { readonly type: TransferResult['type'] }): result is TransferValue<Value> {
  return result.type === 'value';
}
