import { expect } from 'vitest';
import type { Span } from '../../src/http/span.ts';
import type {
  DownloadCounts,
  RequestEnded,
  RequestStarted,
  ReceiptReceived,
  TransferSummary,
  TransferChange,
  TransferStore,
} from '../../src/transfers/transfer-store.ts';

/** Noon of a day, in ms since the epoch. */
export const NOON = Date.parse('2026-11-10T12:00:00Z');
export const MINUTE = 60_000;

export const SIZE = 100;

/** What is not the same in all requests of a test. */
interface RequestOptions {
  readonly at?: number;
  readonly mount?: string;
  readonly key?: string;
  readonly etag?: string | undefined;
  readonly size?: number;
  readonly reader?: string;
  readonly previousName?: string;
}

let requests = 0;

function common({ at = NOON, mount = '/', key = 'a.bin', size = SIZE, reader = 'link:1', ...options }: RequestOptions) {
  const etag = 'etag' in options ? options.etag : '"v1"';
  const { previousName } = options;
  return { at, object: { mount, key, etag, size }, reader: { name: reader, previousName, shard: reader.length } };
}

/** A request that begins, and a function that makes its end. */
export function request(asked: readonly Span[], options: RequestOptions = {}) {
  const id = `r${requests++}`;
  const start: RequestStarted = { type: 'start', id, asked, ...common(options) };
  const end = (delivered: readonly Span[] | 'unknown', at = options.at): RequestEnded => ({
    type: 'end',
    id,
    status: 206,
    outcome: delivered !== 'unknown' && bytes(delivered) === bytes(asked) ? 'complete' : 'aborted',
    delivered,
    bytesSent: delivered === 'unknown' ? null : bytes(delivered),
    ...common(at === undefined ? options : { ...options, at }),
  });
  return { start, end };
}

/** A receipt with the bytes that are on the reader's disk. */
export function receipt(received: readonly Span[], options: RequestOptions = {}): ReceiptReceived {
  return { type: 'receipt', id: 'receipt', received, ...common(options) };
}

function bytes(spans: readonly Span[]): number {
  return spans.reduce((sum, { start, end }) => sum + end - start, 0);
}

export function span(start: number, end: number): readonly Span[] {
  return [{ start, end }];
}

/** A request that is answered whole at once. */
export function whole(options: RequestOptions = {}): readonly TransferChange[] {
  const { start, end } = request(span(0, options.size ?? SIZE), options);
  return [start, end(span(0, options.size ?? SIZE))];
}

export const ONE_DAY = { from: '2026-11-10', to: '2026-11-10' };

/** Opens a store and writes turns. */
export type Opened = (...turns: readonly (readonly TransferChange[])[]) => Promise<TransferStore>;

/** Returns the only transfer of a store. */
export async function only(store: TransferStore): Promise<TransferSummary> {
  const [transfer, ...others] = await store.list({}, 10);
  expect(others).toEqual([]);
  if (transfer === undefined) throw new Error('there is no transfer');
  return transfer;
}

/** Returns the counts of `a.bin` on the day of {@link NOON}. */
export async function counts(store: TransferStore): Promise<DownloadCounts | undefined> {
  return (await store.downloads({ key: 'a.bin', ...ONE_DAY }, 10))[0];
}
