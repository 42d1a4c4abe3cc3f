import type { MiddlewareHandler } from 'hono';
import type { Grant } from '../../access/index.ts';
import { hasParameter } from '../../http/index.ts';
import type { TransferTracker } from '../../observe/transfers.ts';
import { readerIdentity } from '../../transfers/reader-identity.ts';
import {
  mountName,
  type Reader,
  type TransferDetails,
  type TransferStore,
  type TransferSummary,
} from '../../transfers/transfer-store.ts';
import { TRANSFER_TYPE } from '../download/answer-pieces.ts';
import { gatewayRequestOf, matchOf, type GatewayEnv } from '../gateway-request.ts';
import { respondWith } from '../handle-request.ts';
import type { MatchedMount } from '../match-mount.ts';
import { jsonReply, problemReply, type Reply } from '../reply.ts';
import { detailsToJson } from './transfers-schema.ts';

/** Most versions of an object that are shown. */
const MAX_VERSIONS = 20;

/** Names readers by the id of a link or by a user, and no others: an address is no proof of who asks. */
const identify = readerIdentity('none');

/**
 * Returns the reader that a grant names.
 *
 * @returns `undefined` if the grant is not of a link with an id or of a user
 */
export async function ownReader({ downloadId, user }: Grant): Promise<Reader | undefined> {
  return identify({ downloadId, user, client: undefined, userAgent: undefined }, 0);
}

/** Lists the transfers of a reader, one for each version of the object, newest first. */
export function ownTransfers(
  store: TransferStore,
  { mount, key }: MatchedMount,
  reader: Reader,
): Promise<readonly TransferSummary[]> {
  return store.list({ mount: mountName(mount.location), key, reader: reader.name }, MAX_VERSIONS);
}

/** Makes the reply with a reader's own transfers of one object. */
export async function ownTransfersReply(store: TransferStore, match: MatchedMount, reader: Reader): Promise<Reply> {
  const found = await ownTransfers(store, match, reader);
  const details = await Promise.all(found.map(({ id }) => store.get(id)));
  const transfers = details.filter((one): one is TransferDetails => one !== undefined).map(detailsToJson);
  return jsonReply({ transfers }, TRANSFER_TYPE);
}

/** The problem of a reader without an identity of its own. */
export const NO_IDENTITY = 'A transfer is shown to a link with an id, or to a user.';

/** The problem of a reader while the store fails. */
export const STORE_FAILS = 'The store of transfers does not answer at the moment.';

/**
 * Answers `GET KEY?transfer`: the transfers of the reader that asks, one for each version of the object, newest first.
 * It takes the right to read the key, and a link with an id or a user. All other requests go on, and responses to such
 * readers announce the address.
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
    if (match.type === 'refused') return next();
    const { grant } = request.shared;
    if (!hasParameter(match.query, 'transfer')) {
      request.hasOwnTransfer = grant?.downloadId !== undefined || grant?.user !== undefined;
      return next();
    }
    if (grant === undefined)
      throw new Error('ownTransfer() needs authorize() before it, which asks the rule of the mount');
    return respondWith(c, request, async () => {
      const { method } = c.req.raw;
      const reader = await ownReader(grant);
      if (reader === undefined) return problemReply(403, NO_IDENTITY, request.requestId, method);
      try {
        const reply = await ownTransfersReply(store, match, reader);
        return method === 'HEAD' ? { ...reply, body: null } : reply;
      } catch (error) {
        return { ...problemReply(503, STORE_FAILS, request.requestId, method), error };
      }
    });
  };
}
