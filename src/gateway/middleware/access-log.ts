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
import type { SentContent } from '../reply.ts';
import { attempt } from '../handle-request.ts';
import type { Span } from '../../http/index.ts';

/**
 * Tells observers when an answer with bytes begins, and when a request has ended: its body too, or its client has left.
 *
 * @param observers by default one that writes a line of JSON for each request to the console
 * @example
 * app.use('/files/*', requestId(), accessLog([logObserver(write, 'errors')]));
 */
export function accessLog(observers: readonly Observer[] = [logObserver()]): MiddlewareHandler<GatewayEnv> {
  const starters = observers.filter((one) => one.start !== undefined);
  const needsOutcome = observers.some((one) => one.only !== 'failed');
  return (c, next) => {
    const request = gatewayRequestOf(c, 'accessLog()');
    const { method } = c.req.raw;
    const range = fieldsOf(request.platform, c.req.raw).get('Range') ?? undefined;
    let began: SentContent | undefined;
    request.needsOutcome ||= needsOutcome;
    request.starts.push((status, content) => {
      began = content;
      if (starters.length === 0) return;
      const start = toStart(request, method, range, status, content, content.parts());
      for (const observer of starters) attempt(() => observer.start?.(start));
    });
    request.ends.push((end) => {
      if (!needsOutcome && end.transfer.outcome !== 'failed') return;
      const parts = began?.parts() ?? [];
      const event = toEvent(request, toStart(request, method, range, end.status, began, parts), end, parts);
      for (const observer of observers) {
        if (observer.only === undefined || event.outcome === 'failed') attempt(() => observer.end(event));
      }
    });
    return next();
  };
}

type Parts = ReturnType<SentContent['parts']>;

function toStart(
  { requestId, traceId, received, client, shared: { mount, key, grant } }: GatewayRequest,
  method: string,
  range: string | undefined,
  status: number,
  content: SentContent | undefined,
  parts: Parts,
): DownloadStart {
  return {
    requestId,
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
  };
}

function toEvent(
  { begun, stats }: GatewayRequest,
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
    durationMs: steadyTime() - begun,
    stats,
    cause: transfer.outcome === 'failed' ? transfer.cause : reply?.error,
  };
}

function toOutcome(outcome: RequestEnd['transfer']['outcome'], status: number): Outcome {
  return outcome === 'complete' && status === 307 ? 'redirected' : outcome;
}

/**
 * What of an object was in the first bytes of an answer.
 *
 * @param parts in the order in which they were sent, each after a head of so many bytes
 * @param sent bytes of the body
 * @returns spans in the order of the parts, none of them empty; two that touch are two
 */
function deliveredSpans(parts: Parts, sent: number): readonly Span[] {
  const spans: Span[] = [];
  let left = sent;
  for (const { head, span } of parts) {
    left -= head;
    if (left <= 0) break;
    const end = Math.min(span.end, span.start + left);
    spans.push({ start: span.start, end });
    left -= end - span.start;
  }
  return spans;
}
