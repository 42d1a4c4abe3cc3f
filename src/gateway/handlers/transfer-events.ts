import { toHex } from '../../base/hex.ts';
import type { TransferFilter, TransferStore } from '../../transfers/transfer-store.ts';
import type { NextEvent } from '../event-stream.ts';
import { detailsToJson, transferToJson } from './transfers-schema.ts';

/** Finds the events of a stream, one after the other. */
export type EventFinder = () => Promise<NextEvent>;

/**
 * Watches a list of transfers. The first event, `transfers`, has the whole list: `{"transfers": […]}`. Each later one,
 * `changes`, has those that are new or have changed, and the ids of those that are in the list no more:
 * `{"transfers": […], "removed": […]}`. The id of an event names the state of the list after it.
 *
 * @param limit the newest transfers of the list
 * @param lastId the id of the event that a client has seen last. If the list is still the same, there is no first event
 */
export function watchTransfers(
  store: TransferStore,
  filter: TransferFilter,
  limit: number,
  lastId: string | null,
): EventFinder {
  let known: ReadonlyMap<string, string> | undefined;
  return async () => {
    const found = (await store.list(filter, limit)).map(transferToJson);
    const texts = new Map(found.map((transfer) => [transfer.id, JSON.stringify(transfer)]));
    const before = known;
    known = texts;
    const transfers = found.filter(({ id }) => before?.get(id) !== texts.get(id));
    const removed = [...(before?.keys() ?? [])].filter((id) => !texts.has(id));
    if (before !== undefined && transfers.length + removed.length === 0) return 'unchanged';
    const id = await stateId([...texts.values()].join('\n'));
    if (before !== undefined) return { type: 'changes', id, data: { transfers, removed } };
    return id === lastId ? 'unchanged' : { type: 'transfers', id, data: { transfers } };
  };
}

/**
 * Watches one transfer. Each event, `transfer`, has the whole of it. When it is deleted, `removed` is the last one.
 *
 * @param transferId of the transfer. If there is none, there is no event
 * @param lastId the id of the event that a client has seen last. If the transfer is still the same, there is no first
 *   event
 */
export function watchTransfer(store: TransferStore, transferId: string, lastId: string | null): EventFinder {
  let known: string | undefined;
  let hasEnded = false;
  return async () => {
    const found = await store.get(transferId);
    if (found === undefined) {
      const wasKnown = known !== undefined && !hasEnded;
      hasEnded = true;
      return wasKnown ? { type: 'removed', id: 'removed', data: { id: transferId } } : 'ended';
    }
    const data = detailsToJson(found);
    const text = JSON.stringify(data);
    if (text === known) return 'unchanged';
    const isFirst = known === undefined;
    known = text;
    const id = await stateId(text);
    return isFirst && id === lastId ? 'unchanged' : { type: 'transfer', id, data };
  };
}

/** Names a state by its hash, so that any process can tell whether a client that connects again has it already. */
async function stateId(text: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return toHex(hash.subarray(0, 12));
}
