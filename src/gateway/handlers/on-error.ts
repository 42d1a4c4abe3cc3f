import type { ErrorHandler } from 'hono';
import { openExchange, type Exchange } from '../exchange.ts';
import { toFailure } from '../failure.ts';
import { problem } from '../reply.ts';
import { respond } from '../respond.ts';

/**
 * Answers what was thrown, as problem+json: a client learns the status and the id, the log has the cause.
 *
 * @example
 * app.onError(onError);
 */
export const onError: ErrorHandler = (error, c) => {
  const known: Exchange | undefined = c.get('rangeway');
  const exchange = known ?? openExchange(c, () => ({ requestId: crypto.randomUUID(), traceId: undefined }));
  const { status, detail, retryAfter, kind } = toFailure(error);
  const fields = retryAfter === undefined ? [] : [['Retry-After', String(retryAfter)] as const];
  return respond(c, exchange, {
    ...problem(status, detail, exchange.requestId, c.req.raw.method, fields, kind),
    error,
  });
};
