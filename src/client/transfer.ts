import type { Span } from '../http/span.ts';
import type { FetchResponse, Fetcher } from './fetcher.ts';
import type { PlanEvent } from './plan-types.ts';
import { conditionFields, type Validator } from './validator.ts';
import type { Asked } from './verdict.ts';
import type { Intervals } from '../http/intervals.ts';

/** A request, and the body of its response. */
export interface Transfer {
  readonly id: number;
  readonly asked: Asked;
  readonly validator: Validator;
  readonly abort: AbortController;
  /** Set when the plan has closed it: no event of it follows. */
  isClosed: boolean;
  /** Where the first bytes of the chunk that was received are written. */
  next: Span | undefined;
}

/** All that a transfer works with. */
export interface TransferContext {
  readonly url: string;
  /** Whether the address is the target of an earlier redirect. */
  readonly isReused: boolean;
  /** Header fields of each request. */
  readonly fields: Readonly<Record<string, string>>;
  readonly fetcher: Fetcher;
  readonly dispatch: (event: PlanEvent) => void;
  /** Called before the head is judged. Returns the bytes that an earlier run has written, for the first response. */
  readonly onResponse: (transfer: Transfer, response: FetchResponse) => Promise<Intervals | undefined>;
  /** Writes bytes to the sink, and dispatches `written`. */
  readonly write: (transfer: Transfer, span: Span, bytes: Uint8Array) => Promise<void>;
  /** Is called with an error that is not of the network. */
  readonly onLocalFailure: (error: unknown) => void;
}

/** Sends a request and passes its body on, chunk by chunk, until it ends or the plan closes it. Never rejects. */
export async function runTransfer(transfer: Transfer, context: TransferContext): Promise<void> {
  const response = await send(transfer, context);
  if (response === undefined) return;
  const { id } = transfer;
  try {
    const restored = await context.onResponse(transfer, response);
    if (!transfer.isClosed) {
      context.dispatch({ type: 'head', id, head: response, isReused: context.isReused, restored });
    }
  } catch (error) {
    context.onLocalFailure(error);
  }
  await readBody(transfer, response, context);
  await response.body.cancel();
}

async function send(
  transfer: Transfer,
  { url, fields, fetcher, dispatch }: TransferContext,
): Promise<FetchResponse | undefined> {
  const { id, asked, validator, abort } = transfer;
  const conditions = conditionFields(validator);
  const all = asked.type === 'whole' ? fields : { ...fields, ...conditions, range: printRange(asked) };
  try {
    return await fetcher({ url, fields: all, signal: abort.signal });
  } catch (error) {
    if (!transfer.isClosed) dispatch({ type: 'failed', id, reason: explain(error) });
    return undefined;
  }
}

function printRange({ start, end }: Asked & { type: 'range' }): string {
  return `bytes=${start}-${end === undefined ? '' : end - 1}`;
}

async function readBody(transfer: Transfer, { body, isUnframed }: FetchResponse, context: TransferContext) {
  const { id } = transfer;
  while (!transfer.isClosed) {
    const chunk = await read(transfer, body, context);
    if (transfer.isClosed || chunk === 'failed') return;
    if (chunk === undefined) return context.dispatch({ type: 'end', id, isUnframed });
    context.dispatch({ type: 'chunk', id, length: chunk.length });
    const { next } = transfer;
    if (next === undefined) continue;
    try {
      await context.write(transfer, next, chunk.subarray(0, next.end - next.start));
    } catch (error) {
      return context.onLocalFailure(error);
    }
    transfer.next = undefined;
  }
}

/** @returns `undefined` at the end of the body */
async function read(transfer: Transfer, body: FetchResponse['body'], { dispatch }: TransferContext) {
  try {
    return await body.read();
  } catch (error) {
    if (!transfer.isClosed) dispatch({ type: 'failed', id: transfer.id, reason: explain(error) });
    return 'failed';
  }
}

/** Returns the message of an error of the network: `fetch` hides it in the cause. */
function explain(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error && cause.message !== '' ? cause.message : 'the connection failed';
}

/** The longest burst, in ms of the rate. */
const BURST = 100;

/**
 * Makes a function that waits until so many bytes may pass, so that all its callers together stay below a rate.
 *
 * @param rate in bytes a second; `undefined` for no limit
 */
export function rateLimiter(rate: number | undefined): (length: number) => Promise<void> {
  if (rate === undefined) return () => Promise.resolve();
  /** When all bytes that were let through have passed at the rate, in ms. */
  let free = 0;
  return async (length) => {
    const now = performance.now();
    free = Math.max(free, now - BURST) + (length / rate) * 1000;
    const wait = free - now;
    if (wait > 0) await new Promise((resolve) => void setTimeout(resolve, wait));
  };
}
