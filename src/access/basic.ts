import type { Fields } from '../http/index.ts';
import { granted, type AccessRule } from './access.ts';
import { printChallenge } from './challenge.ts';
import { equalInConstantTime, sha256 } from './constant-time.ts';
import { settingsError } from '../base/settings-error.ts';

/** Options of {@link basicAccess}. */
export interface BasicOptions {
  /** Realm of the challenge (§11.5), which some browsers show. By default `files`. */
  readonly realm?: string | undefined;
  /** The users that may read, at least one. */
  readonly users: readonly BasicUser[];
}

/** A user with a password. */
export interface BasicUser {
  /** Not empty, and without a colon, which ends the name (RFC 7617 §2). */
  readonly name: string;
  /** Not empty. */
  readonly password: string;
}

/** Longest Authorization field, in characters. */
const MAX_LENGTH = 1024;

const CREDENTIALS = /^basic +([A-Za-z\d+/]+={0,2})$/i;

/**
 * Makes a rule that grants requests with the name and password of a user (RFC 7617). Every request contains the
 * password, so use it over TLS only.
 *
 * @throws SettingsError if there is no user, or if a name or password can't be sent
 *
 * @example
 * import { basicAccess, createGateway, memoryStore } from 'rangeway';
 *
 * const password = process.env['DOWNLOAD_PASSWORD'] ?? '';
 * const access = basicAccess({ realm: 'releases', users: [{ name: 'ci', password }] });
 * export default createGateway({ store: memoryStore(), access });
 */
export function basicAccess({ realm = 'files', users }: BasicOptions): AccessRule {
  if (users.length === 0) throw settingsError('basic takes a user at the least', 'users');
  users.forEach(assertUser);
  const challenge = printChallenge('Basic', { realm, charset: 'UTF-8' });
  const userCredentials = users.map(({ name, password }) => utf8(`${name}:${password}`.normalize('NFC')));
  let digests: readonly Uint8Array[] | undefined;
  return async ({ headers }) => {
    digests ??= await Promise.all(userCredentials.map(sha256));
    const requestDigest = await sha256(readCredentials(headers));
    // All users are compared, so that the time does not reveal which names exist. Digests hide the lengths.
    const matches = digests.map((digest) => equalInConstantTime(digest, requestDigest));
    const user = users[matches.indexOf(true)]?.name;
    return user !== undefined
      ? granted({ isPrivate: true, user })
      : { type: 'unauthenticated', challenges: [challenge] };
  };
}

function assertUser({ name, password }: BasicUser): void {
  if (name === '' || password === '') throw settingsError('basic takes users with a name and a password', 'users');
  if (name.includes(':')) throw settingsError('basic takes names without a colon, which ends them', 'users');
  // Control characters are not allowed in credentials (RFC 7617 §2). A lone surrogate can't be encoded as UTF-8.
  const isSendable = !/\p{Cc}/u.test(name + password) && (name + password).isWellFormed();
  if (!isSendable) throw settingsError('basic takes names and passwords without control characters', 'users');
}

/** Returns the bytes of `name:password`; none if there are no valid credentials, and no user has empty ones. */
function readCredentials(headers: Fields): Uint8Array<ArrayBuffer> {
  const field = headers.get('Authorization') ?? '';
  const token = field.length <= MAX_LENGTH ? CREDENTIALS.exec(field)?.[1] : undefined;
  try {
    return Uint8Array.from(atob(token ?? ''), (char) => char.charCodeAt(0));
  } catch {
    return new Uint8Array(0);
  }
}

/** Encodes as UTF-8. The copy has a buffer that is no SharedArrayBuffer in the types of every platform. */
function utf8(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(text));
}
