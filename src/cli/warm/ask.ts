import type { Semaphore } from '../../base/semaphore.ts';
import { parseContentRange, parseHttpDate } from '../../http/index.ts';
import { explainRequestError } from '../request-error.ts';
import type { RateLimit } from './rate-limit.ts';

/** A request for an object, or for its first byte after an offset. */
export interface WarmRequest {
  readonly address: URL;
  /** The offset of the only byte that is asked for; `undefined` for the whole object. */
  readonly offset: number | undefined;
}

/**
 * The result of a request.
 * - `read`: the bytes were received; `size` is the complete length, if it was told; `isStored` is false if a cache says
 *   that it read the bytes elsewhere and did not store them
 * - `failed`: all tries failed
 */
export type WarmResult =
  | {
      readonly type: 'read';
      readonly isPartial: boolean;
      readonly size: number | undefined;
      readonly isStored: boolean;
    }
  | { readonly type: 'failed'; readonly reason: string };

/** The limits that all requests share, and the listeners to them. */
export interface AskOptions {
  readonly fields: Readonly<Record<string, string>>;
  readonly rate: RateLimit;
  readonly inFlight: Semaphore;
  readonly sleep: (time: number) => Promise<void>;
  /** Called for each request that was answered. */
  readonly onResponse: () => void;
  /** Called for bytes of contents that were received. */
  readonly onBytes: (count: number) => void;
  /** Called for each request without a response. */
  readonly onUnreachable: () => void;
  /** Whether no more requests are to be sent. */
  readonly isStopped: () => boolean;
}

/** Tries of a request, the first one included. */
const TRIES = 4;

/** The pause before the second try, in ms. It doubles with each further one. */
const PAUSE = 500;

/** The longest pause that a server may ask for, in ms. */
const MAX_PAUSE = 120_000;

/** A response whose next bytes do not arrive for this time is given up, in ms. */
const IDLE = 30_000;

/** The statuses that may be another at the next try. */
const TRANSIENT: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/** The result of one try. `pause` is what the server asks for, in ms. */
type Try = WarmResult | { readonly type: 'transient'; readonly reason: string; readonly pause: number | undefined };

/**
 * Sends a request within the limits, and again after a failure that may pass. A pause that a server asks for holds for
 * all requests.
 *
 * @returns the result; never rejects
 */
export async function ask(request: WarmRequest, options: AskOptions): Promise<WarmResult> {
  let reason = STOPPED;
  for (let count = 1; count <= TRIES && !options.isStopped(); count++) {
    const result = await options.inFlight.run(async () => {
      await options.rate.take();
      return options.isStopped() ? failed(reason) : sendOnce(request, options);
    });
    if (result.type !== 'transient') return result;
    ({ reason } = result);
    if (result.pause !== undefined && result.pause > MAX_PAUSE)
      return failed(`${reason}, and to ask again in ${Math.ceil(result.pause / 1000)} s`);
    if (result.pause !== undefined) options.rate.pause(result.pause);
    else if (count < TRIES) await options.sleep(PAUSE * 2 ** (count - 1));
  }
  return failed(reason);
}

const STOPPED = 'it was not asked for, because the server is out of reach';

function failed(reason: string): WarmResult {
  return { type: 'failed', reason };
}

async function sendOnce({ address, offset }: WarmRequest, options: AskOptions): Promise<Try> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(new Error(`nothing was received for ${IDLE / 1000} s`)), IDLE);
  // With a range, `fetch` accepts no coding by itself.
  const own = offset === undefined ? { 'accept-encoding': 'identity' } : { range: `bytes=${offset}-${offset}` };
  let hasHead = false;
  try {
    for (let target = address, redirects = 0; ; redirects++) {
      // Fields of the user may be credentials, which no other origin gets.
      const given = target.origin === address.origin ? options.fields : {};
      const response = await fetch(target, { headers: { ...given, ...own }, signal: abort.signal, redirect: 'manual' });
      hasHead = true;
      options.onResponse();
      await readBody(response, offset, (count) => {
        options.onBytes(count);
        timer.refresh();
      });
      const next = redirectTarget(response, target);
      if (next === undefined) return judgeResponse(response, offset);
      if (redirects === MAX_REDIRECTS) return failed(`there are more than ${MAX_REDIRECTS} redirects`);
      target = next;
      await options.rate.take();
    }
  } catch (error) {
    if (!hasHead) options.onUnreachable();
    const { reason } = abort.signal;
    const message = reason instanceof Error ? reason.message : explainRequestError(error);
    return { type: 'transient', reason: message, pause: undefined };
  } finally {
    clearTimeout(timer);
  }
}

const MAX_REDIRECTS = 10;

/** @returns `undefined` if the response is no redirect, or leads to another protocol */
function redirectTarget({ status, headers }: Response, base: URL): URL | undefined {
  const location = headers.get('location');
  if (status < 301 || status > 308 || location === null || !URL.canParse(location, base.href)) return undefined;
  const target = new URL(location, base);
  return target.protocol === 'http:' || target.protocol === 'https:' ? target : undefined;
}

/** The most bytes that are read of a response to a range of one byte, or of one without the object. */
const NEEDED = 64 * 1024;

async function readBody({ status, body }: Response, offset: number | undefined, onBytes: (count: number) => void) {
  const isWhole = offset === undefined && status === 200;
  // Of a server that ignores Range, the first bytes are enough.
  const needed = isWhole ? Infinity : status === 200 ? 0 : NEEDED;
  let received = 0;
  for await (const chunk of body ?? []) {
    received += chunk.length;
    onBytes(chunk.length);
    // Leaving the loop cancels the body.
    if (received > needed) break;
  }
}

function judgeResponse({ status, headers }: Response, offset: number | undefined): Try {
  const isStored = !isForwardedUnstored(headers.get('cache-status') ?? '');
  if (status === 200)
    return { type: 'read', isPartial: false, size: lengthOf(headers.get('content-length')), isStored };
  if (status === 206 && offset !== undefined) {
    const told = parseContentRange(headers.get('content-range') ?? '');
    return { type: 'read', isPartial: true, size: told?.size, isStored };
  }
  // An empty object has no first byte.
  if (status === 416 && offset === 0) return { type: 'read', isPartial: true, size: 0, isStored: true };
  if (TRANSIENT.has(status))
    return { type: 'transient', reason: `the server says ${status}`, pause: pauseOf(headers.get('retry-after')) };
  return failed(REASONS[status] ?? `the server says ${status}`);
}

/** Whether a cache forwarded the request, and neither stored the response nor refuses to (RFC 9211 §2). */
function isForwardedUnstored(status: string): boolean {
  return status
    .split(',')
    .some((member) => /;\s*fwd=(?!bypass|method|request)/.test(member) && !/;\s*stored\b/.test(member));
}

const REASONS: Readonly<Record<number, string>> = {
  401: 'it asks for credentials (401); --header sends them',
  403: 'access is refused (403)',
  404: 'there is no such object (404)',
  416: 'it became shorter while it was read (416)',
};

function lengthOf(text: string | null): number | undefined {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Reads Retry-After (§10.2.3): seconds, or a date. */
function pauseOf(text: string | null): number | undefined {
  if (text === null) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const date = parseHttpDate(text, Math.floor(Date.now() / 1000));
  return date === undefined ? undefined : Math.max(0, date * 1000 - Date.now());
}
