import type { Handler } from 'hono';
import { gatewayRequestOf, matchOf, type GatewayEnv, fieldsOf } from '../gateway-request.ts';
import { emptyReply, problemReply } from '../reply.ts';
import { respondWith } from '../handle-request.ts';
import { tokenGuard } from '../token-guard.ts';

/** The credentials of PURGE requests. */
export interface PurgeOptions {
  /** The bearer token that the Authorization field has to contain (RFC 6750 §2.1): 32 to 1,024 characters. */
  readonly token: string;
  /** Other processes with the same mounts. A purge is answered when all of them have done it, and with 503 otherwise. */
  readonly peers?: PurgePeers | undefined;
}

/** An object whose cached metadata has to be revalidated: the location of its mount, and its key there. */
export interface PurgedKey {
  readonly path: string;
  readonly host?: string | undefined;
  readonly key: string;
}

/** A channel between processes that serve the same mounts, each with a cache of its own. */
export interface PurgePeers {
  /**
   * Purges a key in all other processes.
   *
   * @throws if one of them has not confirmed it
   */
  publish(purged: PurgedKey): Promise<void>;
  /** Calls the listener for each key that another process publishes. `createGateway` subscribes itself. */
  subscribe(listener: (purged: PurgedKey) => void): void;
}

/** The method of a purge request. Its address is that of the object, so a purge needs no path of its own. */
export const PURGE = 'PURGE';

/**
 * Answers PURGE: makes the next request for the key that `mount()` has found revalidate its cached metadata with the
 * storage. Responds with 204, or with 401 without the token, whether or not the object exists.
 *
 * @returns a handler for routes of {@link PURGE}. It throws an Error if `mount()` does not run before it
 * @throws SettingsError if the token is too short to resist guessing, or has characters that can't be sent
 * @example
 * import { Hono } from 'hono';
 * import { authorize, download, memoryCache, memoryStore, mount, purge, PURGE, requestId } from 'rangeway';
 *
 * const app = new Hono();
 * app.use('/files/*', requestId(), mount({ store: memoryStore(), cache: memoryCache({ maxBytes: 2 ** 28 }) }));
 * app.get('/files/*', authorize(), download());
 * app.on(PURGE, '/files/*', purge({ token: 'replace-me-with-64-hexadecimal-digits' }));
 */
export function purge({ token, peers }: PurgeOptions): Handler<GatewayEnv> {
  const isAllowed = tokenGuard(token, 'purge.token');
  return (c) => {
    const request = gatewayRequestOf(c, 'purge()');
    const { requestId } = request;
    const match = matchOf(c, request, 'purge()');
    return respondWith(c, request, async () => {
      if (!(await isAllowed(fieldsOf(request.platform, c.req.raw)))) {
        const fields = [['WWW-Authenticate', 'Bearer realm="purge"']] as const;
        return problemReply(401, 'Purging takes a token, which this is not.', requestId, PURGE, fields);
      }
      if (match.type === 'refused') return match.reply;
      match.mount.purge(match.key);
      try {
        await peers?.publish({ ...match.mount.location, key: match.key });
      } catch (error) {
        const detail = 'Not all processes of the gateway have purged the key.';
        return { ...problemReply(503, detail, requestId, PURGE, [['Retry-After', '1']]), error };
      }
      return emptyReply(204, []);
    });
  };
}
