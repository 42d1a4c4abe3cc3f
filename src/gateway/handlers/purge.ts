import type { Handler } from 'hono';
import { equalInConstantTime, sha256 } from '../../access/constant-time.ts';
import { settingsError } from '../../base/settings-error.ts';
import type { Fields } from '../../http/index.ts';
import { gatewayRequestOf, matchOf, type GatewayEnv, fieldsOf } from '../gateway-request.ts';
import { emptyReply, problemReply } from '../reply.ts';
import { respondWith } from '../handle-request.ts';

/** The credentials for making the gateway ask the storage again. */
export interface PurgeOptions {
  /** Sent as `Authorization: Bearer`. At least 32 characters, of those that a bearer token can have. */
  readonly token: string;
}

/** Whether the holder of these credentials may purge. */
type PurgeGuard = (headers: Fields) => Promise<boolean>;

/** The method of a purge, on the object's own address, so that no key is in its way. */
export const PURGE = 'PURGE';

const MAX_LENGTH = 1024;

/** RFC 6750 §2.1. */
const TOKEN = /^[\w.~+/-]+={0,2}$/;
const CREDENTIALS = /^bearer +([\w.~+/-]+={0,2})$/i;

/**
 * Answers PURGE: makes the next request for the key that `mount()` has found ask the storage, whatever a cache knows of
 * it. A client without the token learns nothing but that.
 *
 * @throws SettingsError where the token is too short to be safe from guessing, or can't be sent
 * @example
 * app.on(PURGE, '/files/*', requestId(), mount({ store, cache }), purge({ token }));
 */
export function purge({ token }: PurgeOptions): Handler<GatewayEnv> {
  const isAllowed = purgeGuard(token);
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
      return emptyReply(204, []);
    });
  };
}

function purgeGuard(token: string): PurgeGuard {
  // Never shown: a message goes to logs.
  if (token.length < 32 || token.length > MAX_LENGTH || !TOKEN.test(token)) {
    throw settingsError(
      `purge: the token takes 32 to ${MAX_LENGTH} letters, digits and "-._~+/", such as \`openssl rand -hex 32\` prints`,
    );
  }
  let expected: Promise<Uint8Array> | undefined;
  return async (headers) => {
    // Not earlier: at a Worker's start nothing that waits is allowed.
    expected ??= digest(token);
    const field = headers.get('Authorization') ?? '';
    const given = field.length <= 2 * MAX_LENGTH ? CREDENTIALS.exec(field)?.[1] : undefined;
    // Digests, so that the time tells nothing of lengths. No token is the empty one, which is never right.
    return equalInConstantTime(await digest(given ?? ''), await expected);
  };
}

function digest(text: string): Promise<Uint8Array> {
  return sha256(new TextEncoder().encode(text));
}
