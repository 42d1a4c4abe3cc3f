import type { Handler } from 'hono';
import type { Grant } from '../../access/index.ts';
import { download as answerDownload } from '../download.ts';
import { exchangeOf, placeOf, type Exchange, type ExchangeContext, type ExchangeEnv } from '../exchange.ts';
import { explainKey } from '../key.ts';
import { problem, type Reply } from '../reply.ts';
import { fieldsOf } from '../facts.ts';
import type { FoundPlace } from '../place.ts';
import { respond, respondWith } from '../respond.ts';
import { withTally } from '../../store/with-tally.ts';

/** How downloads are sent. */
export interface DownloadOptions {
  /**
   * How long a body may be left unread, in ms, before it is ended and what it holds is given back. By default 60
   * seconds. `serve` of `rangeway/node` sees to it itself, for all answers.
   */
  readonly idleTimeout?: number;
}

/**
 * Answers GET and HEAD for the key that `mount()` has found, to those that `authorize()` has let in.
 *
 * @example
 * app.get('/files/*', requestId(), mount({ store }), authorize(), download());
 */
export function download({ idleTimeout = 60_000 }: DownloadOptions = {}): Handler<ExchangeEnv> {
  return (c) => {
    const exchange = exchangeOf(c, 'download()');
    const place = placeOf(c, exchange, 'download()');
    if (place.type === 'refused') return respond(c, exchange, place.reply);
    const { grant } = exchange;
    if (grant === undefined)
      throw new Error('download() needs authorize() before it, which asks the rule of the mount');
    return respondWith(c, exchange, () => answer(c, exchange, place, grant, idleTimeout));
  };
}

async function answer(
  c: ExchangeContext,
  exchange: Exchange,
  { mount, key, query }: FoundPlace,
  grant: Grant,
  idleTimeout: number,
): Promise<Reply> {
  const { requestId, received, stats, facts, isWatched } = exchange;
  const { signal } = c.req.raw;
  const method = c.req.raw.method === 'HEAD' ? 'HEAD' : 'GET';
  const unsafe = explainKey(mount.prefix + key);
  if (unsafe !== undefined) return problem(400, unsafe, requestId, method);
  const store = withTally(mount.downloads.store, stats, exchange.defer);
  // Not before the address has proved short enough: Node takes 2 s for a query of 1 MB.
  // The `&` because a question mark at the very front would be taken for the query's own.
  const save = query !== '' && new URLSearchParams(`&${query}`).has('download');
  const reply = await answerDownload(
    {
      method,
      key,
      headers: fieldsOf(exchange.facts, c.req.raw),
      requestId,
      received,
      signal,
      save,
      grant,
      // A platform that tells when an answer is sent ends one that is not taken.
      idleTimeout: facts.sent === undefined ? idleTimeout : undefined,
    },
    { ...mount.downloads, store, isWatched },
  );
  const { status, content } = reply;
  if (content !== undefined && !exchange.isSettled) for (const start of exchange.starts) start(status, content);
  return HAS_OWN_FIELDS.has(status) ? { ...reply, fields: [...reply.fields, ...mount.headers] } : reply;
}

/**
 * The answers to which a mount's own fields are added: bytes, and a 304, from which a cache takes the fields of its
 * stored answer (RFC 9111 §3.2), so that a changed policy reaches stored answers too.
 */
const HAS_OWN_FIELDS = new Set([200, 206, 304]);
