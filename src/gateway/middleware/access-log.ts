import type { MiddlewareHandler } from 'hono';
import { steadyTime } from '../../clock.ts';
import type { DownloadEvent, DownloadStart, Observer, Outcome } from '../../observe/event.ts';
import { logObserver } from '../../observe/log.ts';
import { deliveredSpans } from '../delivered-spans.ts';
import { exchangeOf, type Ended, type Exchange, type ExchangeEnv } from '../exchange.ts';
import type { Content } from '../reply.ts';
import { attempt } from '../settle.ts';
import { fieldsOf } from '../facts.ts';

/**
 * Tells observers when an answer with bytes begins, and when a request has ended: its body too, or its client has left.
 *
 * @param observers by default one that writes a line of JSON for each request to the console
 * @example
 * app.use('/files/*', requestId(), accessLog([logObserver(write, 'errors')]));
 */
export function accessLog(observers: readonly Observer[] = [logObserver()]): MiddlewareHandler<ExchangeEnv> {
  const starters = observers.filter((one) => one.start !== undefined);
  const isWatched = observers.some((one) => one.only !== 'failed');
  return (c, next) => {
    const exchange = exchangeOf(c, 'accessLog()');
    const { method } = c.req.raw;
    const range = fieldsOf(exchange.facts, c.req.raw).get('Range') ?? undefined;
    let began: Content | undefined;
    exchange.isWatched ||= isWatched;
    exchange.starts.push((status, content) => {
      began = content;
      if (starters.length === 0) return;
      const start = toStart(exchange, method, range, status, content);
      for (const observer of starters) attempt(() => observer.start?.(start));
    });
    exchange.ends.push((end) => {
      const isFailed = end.delivery.outcome === 'failed';
      const wanted = observers.filter(({ only }) => only === undefined || isFailed);
      if (wanted.length === 0) return;
      const event = toEvent(exchange, toStart(exchange, method, range, end.status, began), end, began);
      for (const observer of wanted) attempt(() => observer.end(event));
    });
    return next();
  };
}

function toStart(
  { requestId, traceId, received, mount, key, client, grant }: Exchange,
  method: string,
  range: string | undefined,
  status: number,
  content: Content | undefined,
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
    asked: content?.parts().map(({ span }) => span) ?? [],
    status,
    client,
    downloadId: grant?.downloadId,
  };
}

function toEvent(
  { begun, stats }: Exchange,
  start: DownloadStart,
  { reply, delivery }: Ended,
  content: Content | undefined,
): DownloadEvent {
  const { outcome, bytesSent, bytesRead } = delivery;
  return {
    ...start,
    outcome: toOutcome(outcome, start.status),
    delivered: content === undefined ? [] : bytesSent === null ? 'unknown' : deliveredSpans(content.parts(), bytesSent),
    bytesSent,
    bytesRead,
    durationMs: steadyTime() - begun,
    stats,
    cause: delivery.outcome === 'failed' ? delivery.cause : reply?.error,
  };
}

function toOutcome(outcome: Ended['delivery']['outcome'], status: number): Outcome {
  return outcome === 'complete' && status === 307 ? 'redirected' : outcome;
}
