import type { Exchange, ExchangeContext } from './gateway-request.ts';
import type { Delivery } from './download/body-pipe.ts';
import { type Reply, abandonReply } from './reply.ts';

/**
 * Waits for the end of an answer, however it ends, then gives back all that was held for it and tells the listeners.
 *
 * @param status of the answer that goes out
 * @param error thrown where nothing could answer any more
 */
export function settle(c: ExchangeContext, exchange: Exchange, status: number, error: unknown): void {
  exchange.isSettled = true;
  const { reply, facts } = exchange;
  const { signal } = c.req.raw;
  const cause = error ?? reply?.error ?? c.error;
  const tell = (delivery: Delivery) => {
    for (const end of exchange.ends.toReversed()) attempt(() => end({ status, reply, delivery }));
  };
  const done = reply?.dispatch?.done;
  if (done === undefined && facts.sent === undefined) return tell(delivered(reply, cause, signal));
  const ended = toDelivery(reply, done ?? delivered(reply, cause, signal), facts.sent);
  exchange.defer(
    ended.catch((failure: unknown): Delivery => ({ outcome: 'failed', ...UNKNOWN, cause: failure })).then(tell),
  );
}

const UNKNOWN = { bytesSent: null, bytesRead: null };

/** What an observer throws is no download's failure. */
export function attempt(work: () => void): void {
  try {
    work();
  } catch (error) {
    console.error(error);
  }
}

/**
 * How an answer ended: when its body has ended and, where the platform tells, the client has it. An answer that the
 * platform is done with, but whose body has not ended, was dropped on the way, and is abandoned.
 */
async function toDelivery(
  reply: Reply | undefined,
  done: Delivery | Promise<Delivery>,
  sent: Promise<boolean> | undefined,
): Promise<Delivery> {
  const isSent = sent?.then((all) => {
    if (reply !== undefined) abandonReply(reply);
    return all;
  });
  const delivery = await done;
  const isLost = (await isSent) === false && delivery.outcome === 'complete';
  return isLost ? { outcome: 'aborted', bytesSent: null, bytesRead: delivery.bytesRead } : delivery;
}

/** How an answer ends whose body is all there: as soon as it is sent. Of a client that left, no failure counts. */
function delivered(reply: Reply | undefined, cause: unknown, { aborted }: AbortSignal): Delivery {
  const body = reply?.body ?? null;
  const bytesRead = body instanceof Uint8Array ? body.length : 0;
  const bytesSent = typeof body === 'string' ? new TextEncoder().encode(body).length : bytesRead;
  if (cause !== undefined) {
    return aborted
      ? { outcome: 'aborted', bytesSent: 0, bytesRead: 0 }
      : { outcome: 'failed', bytesSent, bytesRead, cause };
  }
  // The length of an answer of the app's own is not known here.
  return { outcome: 'complete', bytesSent: reply === undefined ? null : bytesSent, bytesRead };
}
