import type { Handler } from 'hono';
import { exchangeOf, type ExchangeEnv } from '../gateway-request.ts';
import { bare, problem } from '../reply.ts';
import { respond } from '../respond.ts';

/** What objects can be asked for. */
const METHODS = 'GET, HEAD, OPTIONS';

/** Answers OPTIONS, preflights of browsers among them; `cors()` adds what a page may do. */
export function options(): Handler<ExchangeEnv> {
  return (c) => respond(c, exchangeOf(c, 'options()'), bare(204, [['Allow', METHODS]]));
}

/**
 * Answers 405 (§15.5.6).
 *
 * @param others methods that are allowed beside those of downloads
 */
export function methodNotAllowed(...others: readonly string[]): Handler<ExchangeEnv> {
  const allow = [METHODS, ...others].join(', ');
  const detail = 'Objects can be read, with GET and HEAD, and nothing else.';
  return (c) => {
    const exchange = exchangeOf(c, 'methodNotAllowed()');
    return respond(c, exchange, problem(405, detail, exchange.requestId, c.req.raw.method, [['Allow', allow]]));
  };
}
