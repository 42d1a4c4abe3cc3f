import { toHex } from '../base/hex.ts';
import { lruMap } from '../base/lru-map.ts';
import type { Reader } from './transfer-store.ts';

/** How a client without a link's id and without a user name is recognised. */
export type AnonymousIdentity = (typeof ANONYMOUS_IDENTITIES)[number];

/** All values of {@link AnonymousIdentity}. With `none`, the requests of such clients are counted, and no transfers. */
export const ANONYMOUS_IDENTITIES = ['address-and-agent', 'address', 'none'] as const;

/** The data of a request that name its reader. */
export interface ReaderData {
  /** The id of the signed link. */
  readonly downloadId: string | undefined;
  /** The user of basic access, or the subject of a token. */
  readonly user: string | undefined;
  /** The IP address of the client. */
  readonly client: string | undefined;
  readonly userAgent: string | undefined;
}

/** Returns the reader of a request; `undefined` if it can't be told from others. A known one is returned at once. */
export type IdentifyReader = (data: ReaderData, at: number) => Reader | Promise<Reader> | undefined;

/** Most clients whose hashes are kept in memory. */
const MAX_CLIENTS = 10_000;

/** A user name up to this length, without control characters, is stored as it is. Another one is hashed. */
const PLAIN_USER = /^[^\p{Cc}]{1,128}$/u;

/**
 * Makes the function that names readers: by the id of the link, else by the user, else by a keyed hash of the client's
 * address and User-Agent. The hash is salted with the month, so that no reader can be followed for longer than two. No
 * address is stored.
 *
 * @param secret the key of the hashes; by default random, so that clients are not recognised after a restart
 */
export function readerIdentity(anonymous: AnonymousIdentity = 'address-and-agent', secret?: string): IdentifyReader {
  const known = lruMap<Reader>(MAX_CLIENTS);
  let month = monthOf(0);
  let key: HmacKey | undefined;
  let randomSecret: string | undefined;
  const hash = async (text: string) => {
    // Workers have no randomness at their start, and a promise belongs to one request there.
    key ??= await importKey(secret ?? (randomSecret ??= crypto.randomUUID() + crypto.randomUUID()));
    return new Uint8Array(await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(text)));
  };

  async function hashed(prefix: string, text: string, salt?: string, saltBefore?: string): Promise<Reader> {
    const shardHash = await hash(text);
    const shard = shardOf(shardHash);
    if (salt === undefined) return { name: `${prefix}${hashText(shardHash)}`, shard };
    const nameOf = async (one = '') => `${prefix}${hashText(await hash(`${one}\n${text}`))}`;
    return { name: await nameOf(salt), previousName: await nameOf(saltBefore), shard };
  }

  return ({ downloadId, user, client, userAgent = '' }, at) => {
    if (downloadId !== undefined) return linkReader(downloadId);
    if (user !== undefined) {
      return PLAIN_USER.test(user) && user.isWellFormed()
        ? namedReader(`user:${user}`)
        : hashed('user:', `user\n${user}`);
    }
    if (anonymous === 'none' || client === undefined) return undefined;
    const text = anonymous === 'address' ? client : `${client}\n${userAgent}`;
    // The cache is of one month.
    if (at < month.start || at >= month.end) {
      month = monthOf(at);
      known.clear();
    }
    const cached = known.get(text);
    if (cached !== undefined) return cached;
    const { name, previousName } = month;
    return hashed('client:', text, name, previousName).then((reader) => {
      if (month.name === name) known.set(text, reader);
      return reader;
    });
  };
}

/** Returns the reader of a signed link with this id. */
export function linkReader(id: string): Reader {
  return namedReader(`link:${id}`);
}

/** The type `CryptoKey`, in a form that the types of Node and of workerd both have. */
type HmacKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

function importKey(secret: string): Promise<HmacKey> {
  const bytes = Uint8Array.from(new TextEncoder().encode(secret));
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
}

/** A hash in a name: its first 16 bytes as hexadecimal digits. */
function hashText(hash: Uint8Array): string {
  return toHex(hash.subarray(0, 16));
}

function shardOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

/** A reader whose name is known. Its shard is a hash of the name (FNV-1a), the same in all processes. */
function namedReader(name: string): Reader {
  let shard = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) shard = Math.imul(shard ^ name.charCodeAt(i), 0x01000193);
  return { name, shard: shard >>> 0 };
}

/** A month in UTC: from `start` to before `end`, in ms since the epoch, and names such as `2026-11`. */
interface Month {
  readonly start: number;
  readonly end: number;
  readonly name: string;
  readonly previousName: string;
}

function monthOf(at: number): Month {
  const date = new Date(at);
  const startOf = (offset: number) => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + offset, 1);
  const [start, end] = [startOf(0), startOf(1)];
  return { start, end, name: monthName(start), previousName: monthName(startOf(-1)) };
}

function monthName(time: number): string {
  return new Date(time).toISOString().slice(0, 7);
}
