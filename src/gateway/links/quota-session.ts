import { steadyTime } from '../../base/clock.ts';
import { storeError } from '../../store/store-error.ts';
import { MAX_RESERVATION, type QuotaReply, type QuotaRequest } from '../../transfers/link-quota.ts';
import type { QuotaFlow } from '../download/body-flow.ts';

/** The bytes that one request has reserved on its link. */
export interface QuotaSession {
  /** Makes the flow of its body. @param size of the object in bytes @param length of the body in bytes */
  toFlow(size: number, length: number): QuotaFlow;
  /** All bytes that were granted. */
  readonly granted: () => number;
  /** The bytes that were sent. */
  readonly used: () => number;
  /** The size of the object in bytes; `undefined` before its body. */
  readonly size: () => number | undefined;
  /** Whether its body was broken off, or is about to be, because the quota is used up. */
  readonly isRefused: () => boolean;
  /** Reserves no more, and waits for the store if it is being asked. Never rejects. */
  close(): Promise<void>;
}

/** Asks the store. @throws Error if it does not answer, and has to */
export type AskQuota = (request: Pick<QuotaRequest, 'bytes' | 'sent' | 'size'>) => Promise<QuotaReply | 'unavailable'>;

/** A reservation is renewed after this time, in ms, since one that is not counts as lost after three minutes. */
const RENEWAL_TIME = 60_000;

/** How long a body waits for bytes that other requests of its link have reserved, in ms. */
const LONGEST_WAIT = 30_000;

/** How long the first of these waits is, in ms; each is twice as long, up to a second. */
const FIRST_WAIT = 100;

/**
 * Asks a quota until it grants, or refuses for good.
 *
 * @param longest time in ms after which a refusal is final, although other requests may give bytes back
 * @param isClosed whether the request has ended
 */
export async function askPatiently(
  ask: () => Promise<QuotaReply | 'unavailable'>,
  longest: number,
  isClosed: () => boolean,
): Promise<QuotaReply | 'unavailable'> {
  const start = steadyTime();
  for (let wait = FIRST_WAIT; ; wait = Math.min(1_000, 2 * wait)) {
    const reply = await ask();
    if (reply === 'unavailable' || reply.type === 'granted' || !reply.isTemporary) return reply;
    if (isClosed() || steadyTime() - start + wait > longest) return reply;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

/**
 * Makes the session of a request. Its reservation is topped up before it is used up, so that the body does not wait.
 *
 * @param first bytes that were granted; all that it wants, if the store is unavailable
 */
export function quotaSession(ask: AskQuota, first: number | 'unavailable'): QuotaSession {
  let granted = first === 'unavailable' ? 0 : first;
  let used = 0;
  /** Bytes that may be sent now. */
  let left = first === 'unavailable' ? MAX_RESERVATION : first;
  let lastGrant = left;
  let renewed = steadyTime();
  let pending: Promise<void> | undefined;
  let knownSize: number | undefined;
  let isRefused = false;
  let isClosed = false;

  async function topUp(bytes: number, size: number): Promise<void> {
    const reply = await askPatiently(
      () => ask({ bytes, sent: used, size }),
      LONGEST_WAIT,
      () => isClosed,
    );
    renewed = steadyTime();
    if (reply === 'unavailable') left += Math.max(1, bytes);
    else if (reply.type === 'refused') {
      isRefused = true;
      throw storeError('aborted', `the quota of the link is used up: ${reply.reason}`);
    } else {
      granted += reply.bytes;
      left += reply.bytes;
      lastGrant = reply.bytes;
    }
  }

  return {
    toFlow: (size, length) => {
      knownSize = size;
      const wanted = () => Math.min(MAX_RESERVATION, length - used - left);
      const begin = (bytes: number) => {
        pending = topUp(bytes, size).finally(() => (pending = undefined));
        // A refusal matters only when no bytes are left.
        pending.catch(() => undefined);
      };
      const reserved = async (bytes: number): Promise<number> => {
        if (left > 0) return Math.min(bytes, left);
        if (pending === undefined) begin(Math.max(1, wanted()));
        await pending;
        return reserved(bytes);
      };
      return {
        available(bytes) {
          const isIdle = pending === undefined && !isRefused;
          if (isIdle && left < lastGrant / 2 && wanted() > 0) begin(wanted());
          else if (isIdle && steadyTime() - renewed > RENEWAL_TIME) begin(0);
          return left > 0 ? Math.min(bytes, left) : reserved(bytes);
        },
        use(bytes) {
          left -= bytes;
          used += bytes;
        },
      };
    },
    granted: () => granted,
    used: () => used,
    size: () => knownSize,
    isRefused: () => isRefused,
    async close() {
      isClosed = true;
      await pending?.catch(() => undefined);
    },
  };
}
