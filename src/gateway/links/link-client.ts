import { steadyTime } from '../../base/clock.ts';
import { lruMap } from '../../base/lru-map.ts';
import type { TransferTracker } from '../../observe/transfers.ts';
import { MAX_RESERVATION, type QuotaReply, type QuotaRequest } from '../../transfers/link-quota.ts';
import { withTimeout } from '../../base/with-timeout.ts';
import { linkReader } from '../../transfers/reader-identity.ts';
import type { LinkQuota } from '../../access/index.ts';
import { askPatiently, quotaSession, type AskQuota, type QuotaSession } from './quota-session.ts';

/** How long it is remembered whether a link is revoked, in ms. */
const REVOKED_TIME = 5_000;

/** Most links of which it is remembered. */
const MAX_LINKS = 10_000;

/** A store that takes longer than this to answer, in ms, is taken as failed. */
const ANSWER_TIMEOUT = 2_000;

/** After a failure, requests do not wait for the store for this time, in ms. */
const FAILURE_TIME = 5_000;

/** How long a request waits for other requests of its link before it is refused, in ms: their clients may have left. */
const START_WAIT = 2_000;

/** A request of a link with a quota. */
export interface LinkRequest {
  /** The id of the link. */
  readonly id: string;
  /** The number of the request in this process. */
  readonly serial: number;
  readonly quota: LinkQuota;
  /** When the link expires, in seconds since the epoch. */
  readonly expires: number | undefined;
  /** The bytes that it asks for, as far as they are known before the storage is asked; 0 if it gets no body. */
  readonly bytes: number;
}

/** The result of asking for a quota. `unavailable`: the store does not answer, and has to. */
export type OpenedQuota =
  | {
      readonly type: 'open';
      readonly session: QuotaSession;
      readonly settle: (end: RequestEnding) => Promise<void>;
    }
  | Extract<QuotaReply, { readonly type: 'refused' }>
  | { readonly type: 'unavailable' };

/** How a request of a link has ended. */
interface RequestEnding {
  /** Bytes that were sent, or that the client was redirected to; by default those that the session has sent. */
  readonly sent?: number | undefined;
  /** Whether the client has left. */
  readonly isBroken: boolean;
}

/** Asks the store of transfers about links. */
export interface LinkClient {
  isRevoked(id: string): Promise<boolean | 'unavailable'>;
  open(request: LinkRequest): Promise<OpenedQuota>;
}

/**
 * Makes the client of a store. If the store fails or hangs, requests go on without a quota, unless `isStrict`.
 *
 * @param isStrict whether requests that need the store fail with it
 */
export function linkClient(tracker: TransferTracker, isStrict: boolean): LinkClient {
  const { store } = tracker;
  const revoked = lruMap<{ readonly isRevoked: boolean; readonly at: number }>(MAX_LINKS);
  let failed = Number.NEGATIVE_INFINITY;

  /** Asks the store. With `isStrict` it is asked each time, else not while it is known to fail. */
  async function ask<Value>(question: () => Promise<Value>): Promise<Value | 'unavailable'> {
    if (!isStrict && steadyTime() - failed < FAILURE_TIME) return 'unavailable';
    try {
      return await withTimeout(ANSWER_TIMEOUT, question());
    } catch (error) {
      failed = steadyTime();
      tracker.reportFailure(error);
      return 'unavailable';
    }
  }

  return {
    async isRevoked(id) {
      const known = revoked.get(id);
      if (known !== undefined && steadyTime() - known.at < REVOKED_TIME) return known.isRevoked;
      const link = await ask(() => store.getLink(linkReader(id)));
      if (link === 'unavailable') return isStrict ? 'unavailable' : (known?.isRevoked ?? false);
      const isRevoked = link?.isRevoked ?? false;
      revoked.set(id, { isRevoked, at: steadyTime() });
      return isRevoked;
    },
    async open({ id, serial, quota, expires, bytes }) {
      const reader = linkReader(id);
      const requestId = tracker.requestId(serial);
      const common = { reader, id: requestId, quota, expires: expires === undefined ? undefined : expires * 1_000 };
      const reserve = (more: Pick<QuotaRequest, 'bytes' | 'sent' | 'size'>) =>
        ask(async () => {
          // The end of the request before counts, although a store is written several times a second.
          if (store.turnTime > 0) await tracker.flush();
          return store.reserve({ ...common, ...more, at: Date.now() });
        });
      const reply = await askPatiently(
        () => reserve({ bytes: Math.min(bytes, MAX_RESERVATION) }),
        START_WAIT,
        () => false,
      );
      if (reply === 'unavailable' && isStrict) return { type: 'unavailable' };
      if (reply !== 'unavailable' && reply.type === 'refused') return reply;
      const topUp: AskQuota = async (more) => {
        const answer = await reserve(more);
        if (answer === 'unavailable' && isStrict) throw new Error('the store of transfers does not answer');
        return answer;
      };
      const session = quotaSession(topUp, reply === 'unavailable' ? reply : reply.bytes);
      return {
        type: 'open',
        session,
        async settle({ sent = session.used(), isBroken }) {
          await session.close();
          if (bytes === 0 && sent === 0) return;
          // A client whose response was broken off by the quota has read on to its end.
          const hasLeft = isBroken && !session.isRefused();
          const end = { type: 'settle', id: requestId, at: Date.now(), reader, size: session.size() } as const;
          await tracker.settle({ ...end, granted: session.granted(), sent, isBroken: hasLeft });
        },
      };
    },
  };
}
