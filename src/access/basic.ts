import { granted, type AccessRule } from './access.ts';
import { printChallenge } from './challenge.ts';
import { equalInConstantTime, sha256 } from './constant-time.ts';
import { settingsError } from '../base/settings-error.ts';

/** Who may read with a name and a password. */
export interface BasicOptions {
  /** What browsers show when they ask. */
  readonly realm?: string | undefined;
  readonly users: readonly BasicUser[];
}

export interface BasicUser {
  /** Without a colon, which ends it (RFC 7617 §2). */
  readonly name: string;
  readonly password: string;
}

const MAX_LENGTH = 1024;

const CREDENTIALS = /^basic +([A-Za-z\d+/]+={0,2})$/i;

/**
 * Requests with one of these names and its password may read (RFC 7617). Over TLS only: the password is in every one.
 *
 * @throws SettingsError where there is nobody, or a name or password can't be sent
 */
export function basicAccess({ realm = 'files', users }: BasicOptions): AccessRule {
  if (users.length === 0) throw settingsError('basic takes a user at the least');
  users.forEach(assertUser);
  const challenge = printChallenge('Basic', { realm, charset: 'UTF-8' });
  const known = users.map(({ name, password }) => utf8(`${name}:${password}`.normalize('NFC')));
  let digests: readonly Uint8Array[] | undefined;
  return async ({ headers }) => {
    digests ??= await Promise.all(known.map(sha256));
    const given = await sha256(readCredentials(headers));
    // All are compared, so that the time tells nothing of who is known; digests, so that it tells nothing of lengths.
    const matches = digests.filter((one) => equalInConstantTime(one, given));
    return matches.length > 0 ? granted() : { type: 'unauthenticated', challenges: [challenge] };
  };
}

function assertUser({ name, password }: BasicUser): void {
  if (name === '' || password === '') throw settingsError('basic takes users with a name and a password');
  if (name.includes(':')) throw settingsError('basic takes names without a colon, which ends them');
  // What such a name would match is not what whoever wrote it sees.
  const isSendable = !/\p{Cc}/u.test(name + password) && (name + password).isWellFormed();
  if (!isSendable) throw settingsError('basic takes names and passwords without control characters');
}

/** The bytes `name:password`; none where there are no credentials, which no user has. */
function readCredentials(headers: Headers): Uint8Array<ArrayBuffer> {
  const field = headers.get('Authorization') ?? '';
  const token = field.length <= MAX_LENGTH ? CREDENTIALS.exec(field)?.[1] : undefined;
  try {
    return Uint8Array.from(atob(token ?? ''), (char) => char.charCodeAt(0));
  } catch {
    return new Uint8Array(0);
  }
}

/** A copy, whose buffer is no shared one to any platform's types. */
function utf8(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(text));
}
