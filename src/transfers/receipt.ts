import { isWhole, subtractIntervals, toDepths, totalLength, type Intervals } from '../http/index.ts';
import {
  boundedCoverage,
  firstBytes,
  MAX_ASKED,
  MAX_INTERVALS,
  progressOf,
  type Coverage,
  type RunningRequest,
} from './coverage.ts';
import type { ReceiptState } from './receipt-state.ts';

/** Most intervals of a receipt. */
export const MAX_RECEIPT_INTERVALS = MAX_INTERVALS;

/** A receipt: the bytes of an object that are on a reader's disk. */
export interface Receipt {
  readonly received: Intervals;
  /** When it was received, in ms since the epoch. */
  readonly at: number;
}

/** The effect of a receipt. */
export interface ReceiptEffect {
  readonly coverage: Coverage;
  /** Whether the receipt has all bytes, so that its download is complete. */
  readonly isComplete: boolean;
}

/**
 * Applies a receipt. Its bytes replace those that were counted for the present download: bytes that were sent and are
 * not on the disk count no more, bytes that came from elsewhere do, and requests with an unknown end are closed. A
 * receipt with all bytes acknowledges the download, which is final.
 *
 * The present download is the one after the complete ones. But a complete one that is not acknowledged may have been
 * sent and not received. So it is still the present one, unless a later request has asked for the first byte or was
 * redirected: a reader that continues asks for the bytes that it lacks.
 *
 * @param hasBegun whether a request or a receipt has begun another download since the last one was complete
 * @returns `undefined` if the receipt changes nothing, because its download is acknowledged
 */
export function applyReceipt(
  before: Coverage,
  { received, at }: Receipt,
  hasBegun: boolean,
): ReceiptEffect | undefined {
  const { receipts, size } = before;
  const { complete } = progressOf(before);
  const isComplete = isWhole(received, size);
  const isAcknowledged = complete <= receipts.acknowledged;
  if (isAcknowledged && isComplete && complete > 0 && !hasBegun) return undefined;
  const isNext = isAcknowledged || (hasBegun && receipts.isAnew);
  const earlier = isNext ? complete : complete - 1;
  const acknowledged = isComplete ? earlier + 1 : earlier;
  const state = { acknowledged, at: Math.max(at, receipts.at), isAnew: false };
  return { coverage: correctCoverage(before, earlier, received, state), isComplete };
}

/**
 * Makes the bytes of a receipt those of one download. The bytes of requests that run count only if the receipt lacks
 * them.
 *
 * @param earlier the number of complete downloads before this one
 */
function correctCoverage(
  { size, running }: Coverage,
  earlier: number,
  received: Intervals,
  receipts: ReceiptState,
): Coverage {
  const corrected = running.map((request): RunningRequest => {
    const rest = request.asked.flatMap((span) => subtractIntervals([span], received));
    const asked = rest.length > MAX_ASKED ? [] : rest;
    const limit = totalLength(firstBytes(request).flatMap((span) => subtractIntervals([span], received)));
    return { id: request.id, asked, limit: asked.length === 0 ? 0 : limit, isCorrected: true };
  });
  // No interval shows that an empty object is complete.
  const base = size === 0 ? receipts.acknowledged : earlier;
  return boundedCoverage({
    size,
    base,
    above: toDepths(received),
    running: corrected,
    unknown: [],
    approximateBytes: undefined,
    receipts,
  });
}
