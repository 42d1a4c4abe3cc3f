import {
  depthsOfCoverage,
  newCoverage,
  progressOf,
  settleCoverage,
  updateCoverage,
  type Coverage,
} from './coverage.ts';
import { applyReceipt } from './receipt.ts';
import { isBeforeReceipt } from './receipt-state.ts';
import type {
  ReceiptReceived,
  TransferState,
  RequestEnded,
  RequestStarted,
  TransferDetails,
  TransferRequestOutcome,
  TransferSummary,
} from './transfer-store.ts';

/** A transfer as drivers store it. */
export interface TransferRecord {
  readonly id: string;
  readonly mount: string;
  readonly key: string;
  readonly etag: string;
  readonly size: number;
  readonly reader: string;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly requests: number;
  readonly connections: number;
  readonly bytesSent: number;
  readonly outcome: TransferRequestOutcome | undefined;
  /** How many requests had begun when the number of complete downloads last increased; -1 if a receipt has decreased it. */
  readonly requestsAtComplete: number;
  /** Downloads that were begun and are counted as `started`. */
  readonly begun: number;
  /** Downloads that are counted as `complete`. */
  readonly counted: number;
  /** Whether no request was seen since the complete downloads were counted. */
  readonly isSettled: boolean;
  readonly coverage: Coverage;
}

/** The fields that no two transfers have in common. */
export type TransferName = Pick<TransferRecord, 'mount' | 'key' | 'etag' | 'size' | 'reader'>;

/** Makes the record of a transfer that begins. */
export function newRecord(name: TransferName, id: string, at: number): TransferRecord {
  return {
    ...name,
    id,
    firstSeen: at,
    lastSeen: at,
    requests: 0,
    connections: 0,
    bytesSent: 0,
    outcome: undefined,
    requestsAtComplete: 0,
    begun: 0,
    counted: 0,
    isSettled: false,
    coverage: newCoverage(name.size),
  };
}

/** Changes of one transfer in one turn. */
export interface RecordUpdate {
  start(change: RequestStarted): void;
  end(change: RequestEnded): void;
  receive(receipt: ReceiptReceived): void;
  /** @returns the record, and how many downloads were begun in this turn */
  finish(): { readonly record: TransferRecord; readonly started: number };
}

/**
 * Changes a record. The coverage is computed once for all requests of a turn.
 *
 * A download has begun when a request has begun after the last one was complete. So the requests of one download begin
 * one, however many there are, and bytes that were sent twice begin none.
 */
export function updateRecord(before: TransferRecord): RecordUpdate {
  let requests = updateRequests(before);
  return {
    start: (change) => requests.start(change),
    end: (change) => requests.end(change),
    receive: (receipt) => void (requests = updateRequests(receiveReceipt(requests.finish(), receipt))),
    finish() {
      const record = requests.finish();
      return { record, started: record.begun - before.begun };
    },
  };
}

/** Changes a record by requests alone. */
function updateRequests(before: TransferRecord) {
  const coverage = updateCoverage(before.coverage);
  const running = new Set(before.coverage.running.map(({ id }) => id));
  let { lastSeen, requests, requestsAtComplete, connections, bytesSent, outcome } = before;
  // A clock that is set back does not make a transfer older.
  const see = (at: number) => void (lastSeen = Math.max(lastSeen, at));
  return {
    start({ id, at, asked, batch }: RequestStarted): void {
      see(at);
      const isLate = isBeforeReceipt(before.coverage.receipts, at, batch !== undefined);
      if (isLate && requests === requestsAtComplete) requestsAtComplete++;
      requests++;
      running.add(id);
      connections = Math.max(connections, running.size);
      coverage.start(id, asked, isLate);
    },
    end(change: RequestEnded): void {
      see(change.at);
      if (!running.delete(change.id)) {
        // A redirect, or a request whose start is lost.
        requests++;
        connections = Math.max(connections, running.size + 1);
      }
      bytesSent += change.bytesSent ?? 0;
      outcome = change.outcome;
      coverage.end(change.id, change.delivered, outcome !== 'complete');
      if (outcome === 'redirected') coverage.redirect();
      if (before.size === 0 && change.status === 200 && outcome === 'complete') coverage.addEmptyDownload();
    },
    finish(): TransferRecord {
      const changed = coverage.finish();
      const { complete } = progressOf(changed);
      const hasMore = complete > progressOf(before.coverage).complete;
      if (hasMore) requestsAtComplete = requests;
      const after = hasMore ? { ...changed, receipts: { ...changed.receipts, isAnew: false } } : changed;
      return {
        ...before,
        lastSeen,
        requests,
        connections,
        bytesSent,
        outcome,
        requestsAtComplete,
        begun: begunDownloads(before, complete, requests > requestsAtComplete),
        isSettled: false,
        coverage: after,
      };
    },
  };
}

function begunDownloads({ begun }: TransferRecord, complete: number, hasBegun: boolean): number {
  return Math.max(begun, complete + (hasBegun ? 1 : 0));
}

/** Changes a record by a receipt. */
function receiveReceipt(before: TransferRecord, receipt: ReceiptReceived): TransferRecord {
  const hasBegun = before.requests > before.requestsAtComplete;
  const effect = applyReceipt(before.coverage, receipt, hasBegun);
  if (effect === undefined) return before;
  const { coverage, isComplete } = effect;
  return {
    ...before,
    coverage,
    lastSeen: Math.max(before.lastSeen, receipt.at),
    requestsAtComplete: isComplete ? before.requests : -1,
    begun: begunDownloads(before, progressOf(coverage).complete, !isComplete),
  };
}

/**
 * Makes what is counted final, for a reader that has been idle.
 *
 * @returns the record, and the complete downloads that were not counted before
 */
export function settleRecord(before: TransferRecord): { readonly record: TransferRecord; readonly complete: number } {
  const coverage = stateOf(before) === 'complete' ? settleCoverage(before.coverage) : before.coverage;
  const { complete } = progressOf(coverage);
  const counted = Math.max(before.counted, complete);
  return { record: { ...before, coverage, counted, isSettled: true }, complete: counted - before.counted };
}

/** Ends requests whose process is gone, at an unknown byte. */
export function endRequests(before: TransferRecord, idPrefix: string): TransferRecord {
  const ended = before.coverage.running.filter(({ id }) => id.startsWith(idPrefix));
  if (ended.length === 0) return before;
  const update = updateCoverage(before.coverage);
  for (const { id } of ended) update.end(id, 'unknown');
  return { ...before, outcome: 'aborted', isSettled: false, coverage: update.finish() };
}

/** Returns the state of a transfer. */
export function stateOf({ coverage, requests, requestsAtComplete }: TransferRecord): TransferState {
  if (coverage.running.length > 0) return 'active';
  return requests === requestsAtComplete && progressOf(coverage).complete > 0 ? 'complete' : 'paused';
}

/** Returns a transfer as its readers see it. */
export function toTransfer(record: TransferRecord): TransferSummary {
  const { id, mount, key, etag, size, reader, firstSeen, lastSeen, requests, connections, bytesSent, outcome } = record;
  const { complete, progress, approximate } = progressOf(record.coverage);
  const state = stateOf(record);
  const use = { firstSeen, lastSeen, requests, connections, bytesSent, outcome };
  return { id, mount, key, etag, size, reader, state, complete, progress, approximate, ...use };
}

/** Returns a transfer with how often each byte was delivered. */
export function toDetails(record: TransferRecord): TransferDetails {
  return { ...toTransfer(record), intervals: depthsOfCoverage(record.coverage) };
}
