import type { MiddlewareHandler } from 'hono';
import { steadyTime } from '../../base/clock.ts';
import type { DownloadEvent, DownloadStart, Observer, Outcome } from '../../observe/event.ts';
import { logObserver } from '../../observe/log.ts';
import {
  gatewayRequestOf,
  type RequestEnd,
  type GatewayRequest,
  type GatewayEnv,
  fieldsOf,
} from '../gateway-request.ts';
import type { ResponseContent } from '../reply.ts';
import { attempt } from '../handle-request.ts';
import type { Span } from '../../http/index.ts';

/**
 * Reports each request to observers: the start of a response with bytes of an object, and the end of every response,
 * after its last byte or when the client has disconnected.
 *
 * @param observers by default {@link logObserver}, which writes one line of JSON a request to the console
 * @returns a middleware. It throws an Error if `requestId()` does not run before it
 * @example
 * import { Hono } from 'hono';
 * import { accessLog, authorize, download, logObserver, memoryStore, mount, requestId } from 'rangeway';
 *
 * const app = new Hono();
 * app.use('/files/*', requestId(), accessLog([logObserver(undefined, 'errors')]), mount({ store: memoryStore() }));
 * app.get('/files/*', authorize(), download());
 */
export function accessLog(observers: readonly Observer[] = [logObserver()]): MiddlewareHandler<GatewayEnv> {
  const startObservers = observers.filter((observer) => observer.start !== undefined);
  const needsOutcome = observers.some((observer) => observer.only !== 'failed');
  return (c, next) => {
    const request = gatewayRequestOf(c, 'accessLog()');
    const { method } = c.req.raw;
    const fields = fieldsOf(request.platform, c.req.raw);
    const sent = {
      method,
      range: fields.get('Range') ?? undefined,
      userAgent: fields.get('User-Agent')?.slice(0, 512),
    };
    let sentContent: ResponseContent | undefined;
    let begun: { readonly start: DownloadStart; readonly parts: Parts } | undefined;
    request.needsOutcome ||= needsOutcome;
    request.onStart.push((status, content) => {
      sentContent = content;
      if (startObservers.length === 0) return;
      const parts = content.parts();
      if (parts.length === 0) return;
      const start = toStart(request, sent, status, content, parts);
      begun = { start, parts };
      for (const observer of startObservers) notify(request, () => observer.start?.(start));
    });
    request.onEnd.push((end) => {
      if (!needsOutcome && end.transfer.outcome !== 'failed') return;
      // A redirect to the storage has no bytes of the object, and names it.
      const content = sentContent ?? (end.status === 307 ? end.reply?.content : undefined);
      const parts = begun?.parts ?? content?.parts() ?? [];
      const start =
        begun?.start.status === end.status ? begun.start : toStart(request, sent, end.status, content, parts);
      const event = toEvent(request, start, end, parts);
      for (const observer of observers) {
        if (observer.only === undefined || event.outcome === 'failed') notify(request, () => observer.end(event));
      }
    });
    return next();
  };
}

/** Calls an observer. Workers stop work that outlasts the response, unless they know of it. */
function notify(request: GatewayRequest, call: () => void | Promise<void>): void {
  attempt(() => {
    const work = call();
    if (work instanceof Promise) request.defer(work.catch((error: unknown) => console.error(error)));
  });
}

type Parts = ReturnType<ResponseContent['parts']>;

function toStart(
  { requestId, serial, traceId, received, client, shared: { mount, key, grant } }: GatewayRequest,
  { method, range, userAgent }: Pick<DownloadStart, 'method' | 'range' | 'userAgent'>,
  status: number,
  content: ResponseContent | undefined,
  parts: Parts,
): DownloadStart {
  return {
    requestId,
    serial,
    traceId,
    received,
    method,
    mount,
    key,
    etag: content?.etag,
    size: content?.size,
    range,
    asked: parts.map(({ span }) => span),
    status,
    client: client.address,
    downloadId: grant?.downloadId,
    user: grant?.user,
    userAgent,
  };
}

function toEvent(
  { startTime, stats }: GatewayRequest,
  start: DownloadStart,
  { reply, transfer }: RequestEnd,
  parts: Parts,
): DownloadEvent {
  const { outcome, bytesSent, bytesRead } = transfer;
  return {
    ...start,
    outcome: toOutcome(outcome, start.status),
    delivered: parts.length > 0 && bytesSent === null ? 'unknown' : deliveredSpans(parts, bytesSent ?? 0),
    bytesSent,
    bytesRead,
    durationMs: steadyTime() - startTime,
    stats,
    cause: transfer.outcome === 'failed' ? transfer.cause : reply?.error,
  };
}

function toOutcome(outcome: RequestEnd['transfer']['outcome'], status: number): Outcome {
  return outcome === 'complete' && (status === 307 || status === 308) ? 'redirected' : outcome;
}

/**
 * Returns the spans of the object that the first bytes of a body contain.
 *
 * @param parts in the order in which they are sent, with the length in bytes of the part head before each
 * @param bytesSent of the body, part heads included
 * @returns half-open spans in the order of the parts; none is empty, and adjacent spans are not merged
 */
function deliveredSpans(parts: Parts, bytesSent: number): readonly Span[] {
  const spans: Span[] = [];
  let remaining = bytesSent;
  for (const { head, span } of parts) {
    remaining -= head;
    if (remaining <= 0) break;
    const end = Math.min(span.end, span.start + remaining);
    spans.push({ start: span.start, end });
    remaining -= end - span.start;
  }
  return spans;
}
