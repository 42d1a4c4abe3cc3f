import {
  intersectIntervals,
  intervalsAbove,
  subtractIntervals,
  toIntervals,
  type DepthIntervals,
  type Span,
} from '../http/index.ts';

/** The state that the receipts of a reader have left, for the next one. */
export interface ReceiptState {
  /** How many complete downloads are final, because a receipt acknowledged them or was of a later one. */
  readonly acknowledged: number;
  /** When the last receipt was received, in ms since the epoch; 0 before the first one. */
  readonly at: number;
  /** Whether a request for the first byte, or one that was redirected, has begun since the last complete download. */
  readonly isAnew: boolean;
}

/** The state before the first receipt. */
export const NO_RECEIPTS: ReceiptState = { acknowledged: 0, at: 0, isAnew: false };

/** Notes that a download was begun anew. */
export function anew(receipts: ReceiptState): ReceiptState {
  return receipts.isAnew ? receipts : { ...receipts, isAnew: true };
}

/**
 * Removes the bytes that the last receipt contains from those of a request: all of them, if it acknowledged a download.
 *
 * @param asked the spans of the request
 */
export function withoutReceived(
  asked: readonly Span[],
  { base, above, receipts }: { readonly base: number; readonly above: DepthIntervals; readonly receipts: ReceiptState },
): readonly Span[] {
  if (base > 0 && base === receipts.acknowledged && above.length === 0) return [];
  return asked.flatMap((span) => subtractIntervals([span], intervalsAbove(above, 0)));
}

/** A request may be written so much later than a receipt that was sent after it, in ms. */
const LATE_TIME = 10_000;

/**
 * Whether a request had begun before the last receipt was sent. Another process may write its start later. A clock that
 * is set back for longer makes no request late.
 *
 * @param at when the request was received, in ms since the epoch
 * @param isImported whether it is of a log, which may be imported much later
 */
export function isBeforeReceipt({ at: receivedAt }: ReceiptState, at: number, isImported: boolean): boolean {
  return at < receivedAt && (isImported || receivedAt - at < LATE_TIME);
}

/** Returns the parts of spans that are within the spans of a request. */
export function within(asked: readonly Span[], spans: readonly Span[]): readonly Span[] {
  const bounds = toIntervals(asked);
  return spans.flatMap((span) => intersectIntervals(bounds, [span]));
}
