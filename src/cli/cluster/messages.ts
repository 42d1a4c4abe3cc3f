import type { MetricsSnapshot } from '../../observe/metrics/measurements.ts';
import type { TransferStore } from '../../transfers/transfer-store.ts';
import type { PurgedKey } from '../../gateway/handlers/purge.ts';

/** A message from a worker to the primary process. */
export type WorkerMessage =
  | { readonly type: 'listening'; readonly url: string; readonly name: string }
  /** It accepts no more requests. */
  | { readonly type: 'stopping'; readonly inProgress: number }
  /** A client has purged a key in this worker. */
  | { readonly type: 'purge'; readonly id: number; readonly purged: PurgedKey }
  /** The answer to the primary's `purge`. */
  | { readonly type: 'done'; readonly id: number }
  /** A client has asked this worker for the numbers of all workers. */
  | { readonly type: 'metrics'; readonly id: number }
  /** The answer to the primary's `measure`: the numbers of this worker. */
  | { readonly type: 'measured'; readonly id: number; readonly snapshot: MetricsSnapshot }
  /** A call of the store of transfers, which only the primary process has open. */
  | { readonly type: 'transfers'; readonly id: number; readonly call: TransferCall };

/** A message from the primary process to a worker. */
export type PrimaryMessage =
  | { readonly type: 'stop' }
  /** A client has purged a key in another worker. */
  | { readonly type: 'purge'; readonly id: number; readonly purged: PurgedKey }
  /** The answer to the worker's `purge`: all other workers have purged the key. */
  | { readonly type: 'done'; readonly id: number }
  /** The primary needs the numbers of the worker. */
  | { readonly type: 'measure'; readonly id: number }
  /** The answer to the worker's `metrics`: the numbers of all workers. */
  | { readonly type: 'metrics'; readonly id: number; readonly snapshot: MetricsSnapshot }
  /** The result of the worker's call of the store of transfers. */
  | { readonly type: 'transfers'; readonly id: number; readonly result: TransferResult };

type TransferMethod = Exclude<keyof TransferStore, 'turnTime' | 'close'>;

/** A call of the store of transfers: a method, and its arguments as JSON can hold them. */
export type TransferCall = {
  readonly [Method in TransferMethod]: {
    readonly method: Method;
    readonly args: Readonly<Parameters<TransferStore[Method]>>;
  };
}[TransferMethod];

/** The value that a call of the store of transfers has returned. */
export interface TransferValue<Value> {
  readonly type: 'value';
  /** Absent if the value is `undefined`, which JSON has not. */
  readonly value: Value;
}

/** The result of a call of the store of transfers. */
export type TransferResult =
  | TransferValue<unknown>
  | { readonly type: 'error'; readonly name: string; readonly message: string };

/** A message in transit. Libraries may send others through the same channel. */
export interface Envelope<Message> {
  readonly rangeway: Message;
}

/** Returns whether a message is one of this program. Both ends are the same version of it, so that is enough. */
export function isEnvelope<Message>(message: unknown): message is Envelope<Message> {
  return typeof message === 'object' && message !== null && 'rangeway' in message;
}

/** The variable with the number of a worker, from 0. A worker that replaces another one has its number. */
export const WORKER_NUMBER = 'RANGEWAY_WORKER';
