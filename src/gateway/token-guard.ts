import { equalInConstantTime, sha256 } from '../access/constant-time.ts';
import { settingsError } from '../base/settings-error.ts';
import type { Fields } from '../http/index.ts';
import { problemReply, type Reply } from './reply.ts';

/** Returns whether these header fields contain the token. */
export type TokenGuard = (headers: Fields) => Promise<boolean>;

/** Makes the reply to a request that lacks the token of the administrator (RFC 9110 §15.5.2). */
export function tokenRefusal(requestId: string, method: string): Reply {
  const fields = [['WWW-Authenticate', 'Bearer realm="rangeway"']] as const;
  return problemReply(401, TOKEN_MISSING, requestId, method, fields);
}

const TOKEN_MISSING = 'This address takes the token of the administrator, which this is not.';

/** The length limit of a token in characters. */
const MAX_LENGTH = 1024;

/** RFC 6750 §2.1. */
const TOKEN = /^[\w.~+/-]+={0,2}$/;
const CREDENTIALS = /^bearer +([\w.~+/-]+={0,2})$/i;

/**
 * Makes a function that finds a bearer token in the Authorization field (RFC 6750 §2.1), in constant time.
 *
 * @param setting the name of the setting, for the message
 * @throws SettingsError if the token is too short to resist guessing, or has characters that can't be sent
 */
export function tokenGuard(token: string, setting: string): TokenGuard {
  // The message does not contain the token, because messages are logged.
  if (token.length < 32 || token.length > MAX_LENGTH || !TOKEN.test(token)) {
    throw settingsError(
      `the token takes 32 to ${MAX_LENGTH} letters, digits and "-._~+/", such as \`openssl rand -hex 32\` prints`,
      setting,
    );
  }
  let expected: Promise<Uint8Array> | undefined;
  return async (headers) => {
    // Computed at the first request, because Workers allow no asynchronous work at start.
    expected ??= digest(token);
    const field = headers.get('Authorization') ?? '';
    const candidate = field.length <= 2 * MAX_LENGTH ? CREDENTIALS.exec(field)?.[1] : undefined;
    // Digests are compared, so that the time does not depend on lengths. A missing token is compared as the empty one.
    return equalInConstantTime(await digest(candidate ?? ''), await expected);
  };
}

function digest(text: string): Promise<Uint8Array> {
  return sha256(new TextEncoder().encode(text));
}
