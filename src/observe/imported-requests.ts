import { totalLength, type Span } from '../http/index.ts';
import type { IdentifyReader, ReaderData } from '../transfers/reader-identity.ts';
import type { Reader, TransferChange, TransferObject } from '../transfers/transfer-store.ts';

/** A request of the log of a CDN. */
export interface ImportedRequest extends ReaderData {
  readonly object: TransferObject;
  /** When it began, in ms since the epoch. */
  readonly at: number;
  /** When it ended, in ms since the epoch. */
  readonly endedAt: number;
  readonly status: number;
  /** The spans that the response contains, half-open. */
  readonly asked: readonly Span[];
  /** The spans that were sent; `unknown` if the log does not tell. */
  readonly delivered: readonly Span[] | 'unknown';
}

/** The reader of all requests whose clients can't be told from each other. */
export const ANONYMOUS: Reader = { name: 'anonymous', shard: 0 };

/** Removes the data of a client that can't be told from others, so that its requests are counted, and no transfer. */
export function withReader(change: TransferChange, reader: Reader): TransferChange {
  if (change.type === 'settle') return change;
  return reader === ANONYMOUS
    ? { ...change, object: { ...change.object, etag: undefined }, reader }
    : { ...change, reader };
}

/** Returns the starts and ends of the requests of a batch, in the order in which they happened. */
export async function toImportedChanges(
  batch: string,
  requests: readonly ImportedRequest[],
  identify: IdentifyReader,
): Promise<readonly TransferChange[]> {
  const changes: TransferChange[] = [];
  for (const [i, { object, at, endedAt, asked, delivered, status, ...data }] of requests.entries()) {
    const reader = (await identify(data, at)) ?? ANONYMOUS;
    const common = { id: `${batch}-${i}`, object, reader, batch };
    const bytesSent = delivered === 'unknown' ? null : totalLength(delivered);
    const outcome = bytesSent === totalLength(asked) ? 'complete' : 'aborted';
    const start = { type: 'start', ...common, at, asked } as const;
    const end = { type: 'end', ...common, at: endedAt, status, outcome, delivered, bytesSent } as const;
    changes.push(withReader(start, reader), withReader(end, reader));
  }
  // An end follows its own start, also in the same millisecond.
  return changes.toSorted((a, b) => a.at - b.at);
}
