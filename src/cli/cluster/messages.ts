import type { PurgedKey } from '../../gateway/handlers/purge.ts';

/** A message from a worker to the primary process. */
export type WorkerMessage =
  | { readonly type: 'listening'; readonly url: string; readonly name: string }
  /** It accepts no more requests. */
  | { readonly type: 'stopping'; readonly inProgress: number }
  /** A client has purged a key in this worker. */
  | { readonly type: 'purge'; readonly id: number; readonly purged: PurgedKey }
  /** The answer to the primary's `purge`. */
  | { readonly type: 'done'; readonly id: number };

/** A message from the primary process to a worker. */
export type PrimaryMessage =
  | { readonly type: 'stop' }
  /** A client has purged a key in another worker. */
  | { readonly type: 'purge'; readonly id: number; readonly purged: PurgedKey }
  /** The answer to the worker's `purge`: all other workers have purged the key. */
  | { readonly type: 'done'; readonly id: number };

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
