import type { MiddlewareHandler } from 'hono';
import { hasParameter } from '../../http/index.ts';
import type { TransferTracker } from '../../observe/transfers.ts';
import { readerIdentity } from '../../transfers/reader-identity.ts';
import { mountName, type TransferDetails } from '../../transfers/transfer-store.ts';
import { gatewayRequestOf, matchOf, type GatewayEnv } from '../gateway-request.ts';
import { respondWith } from '../handle-request.ts';
import { jsonReply, problemReply } from '../reply.ts';
import { detailsToJson } from './transfers-schema.ts';

/** Most versions of an object that are shown. */
const MAX_VERSIONS = 20;

/** Names readers by the id of a link or by a user, and no others: an address is no proof of who asks. */
const identify = readerIdentity('none');

/**
 * Answers `GET KEY?transfer`: the transfers of the reader that asks, one for each version of the object, newest first.
 * It takes the right to read the key, and a link with an id or a user. All other requests go on.
 *
 * @returns a middleware for routes of GET. It throws an Error if `mount()` or `authorize()` does not run before it
 * @example
 * import { Hono } from 'hono';
 * import * as rangeway from 'rangeway';
 *
 * const transfers = rangeway.trackTransfers({ store: rangeway.memoryTransferStore() });
 * const app = new Hono();
 * app.use('/files/*', rangeway.requestId(), rangeway.accessLog([transfers.observer]));
 * app.use('/files/*', rangeway.mount({ store: rangeway.memoryStore() }));
 * app.get('/files/*', rangeway.authorize(), rangeway.ownTransfer(transfers), rangeway.download());
 */
export function ownTransfer({ store }: TransferTracker): MiddlewareHandler<GatewayEnv> {
  return (c, next) => {
    const request = gatewayRequestOf(c, 'ownTransfer()');
    const match = matchOf(c, request, 'ownTransfer()');
    if (match.type === 'refused' || !hasParameter(match.query, 'transfer')) return next();
    const { grant } = request.shared;
    if (grant === undefined)
      throw new Error('ownTransfer() needs authorize() before it, which asks the rule of the mount');
    return respondWith(c, request, async () => {
      const { method } = c.req.raw;
      const { downloadId, user } = grant;
      const reader = await identify({ downloadId, user, client: undefined, userAgent: undefined }, 0);
      if (reader === undefined) {
        return problemReply(403, 'A transfer is shown to a link with an id, or to a user.', request.requestId, method);
      }
      try {
        const filter = { mount: mountName(match.mount.location), key: match.key, reader: reader.name };
        const found = await store.list(filter, MAX_VERSIONS);
        const details = await Promise.all(found.map(({ id }) => store.get(id)));
        const transfers = details.filter((one): one is TransferDetails => one !== undefined).map(detailsToJson);
        const reply = jsonReply({ transfers });
        return method === 'HEAD' ? { ...reply, body: null } : reply;
      } catch (error) {
        const detail = 'The store of transfers does not answer at the moment.';
        return { ...problemReply(503, detail, request.requestId, method), error };
      }
    });
  };
}
