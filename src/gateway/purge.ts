import { equalInConstantTime, sha256 } from '../access/constant-time.ts';
import type { Fields } from '../http/index.ts';
import type { Mount } from './mount.ts';
import { bare, problem, type Reply } from './reply.ts';
import { settingsError } from '../config/settings-error.ts';

/** Who may make the gateway ask the storage again. */
export interface PurgeOptions {
  /** Sent as `Authorization: Bearer`. At least 32 characters, of those that a bearer token can have. */
  readonly token: string;
}

/** Whether the holder of these credentials may purge. */
export type PurgeGuard = (headers: Fields) => Promise<boolean>;

/** The method of a purge, on the object's own address, so that no key is in its way. */
export const PURGE = 'PURGE';

const MAX_LENGTH = 1024;

/** RFC 6750 §2.1. */
const TOKEN = /^[\w.~+/-]+={0,2}$/;
const CREDENTIALS = /^bearer +([\w.~+/-]+={0,2})$/i;

/** @throws SettingsError where the token is too short to be one that nobody guesses, or can't be sent */
export function purgeGuard({ token }: PurgeOptions): PurgeGuard {
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

/** Answers a purge. Whoever has no token learns nothing but that. */
export async function answerPurge(
  guard: PurgeGuard,
  headers: Fields,
  found: { readonly mount: Mount; readonly key: string } | undefined,
  requestId: string,
): Promise<Reply> {
  if (!(await guard(headers))) {
    return problem(401, 'Purging takes a token, which this is not.', requestId, PURGE, [
      ['WWW-Authenticate', 'Bearer realm="purge"'],
    ]);
  }
  if (found === undefined) return problem(404, 'Nothing is served here.', requestId, PURGE);
  found.mount.purge(found.key);
  return bare(204, []);
}

function digest(text: string): Promise<Uint8Array> {
  return sha256(new TextEncoder().encode(text));
}
