/** Bytes of the checksum: enough that a changed token is not accepted by chance. */
const CHECKSUM_BYTES = 12;

/** The most characters of a token. Cursors of S3 and R2 have a few hundred. */
const MAX_LENGTH = 8_192;

/**
 * Makes the token of the next page from the cursor of a store. A checksum binds it to the listing, so that a token that
 * was cut, changed, or made for another folder is refused before the storage is asked. It is no secret: with a forged
 * token, a client could only begin a listing that it may read at another place.
 *
 * @param listing names the mount, the folder and the search
 */
export async function printCursor(cursor: string, listing: string): Promise<string> {
  const bytes = new TextEncoder().encode(cursor);
  const sum = await checksum(bytes, listing);
  const token = new Uint8Array(sum.length + bytes.length);
  token.set(sum);
  token.set(bytes, sum.length);
  return toBase64Url(token);
}

/**
 * Reads a token.
 *
 * @returns the cursor of the store; `undefined` if the token was not made for this listing
 */
export async function parseCursor(token: string, listing: string): Promise<string | undefined> {
  const bytes = fromBase64Url(token);
  if (bytes === undefined || bytes.length <= CHECKSUM_BYTES) return undefined;
  const cursor = bytes.subarray(CHECKSUM_BYTES);
  const sum = await checksum(cursor, listing);
  if (!sum.every((byte, i) => byte === bytes[i])) return undefined;
  return new TextDecoder().decode(cursor);
}

async function checksum(cursor: Uint8Array, listing: string): Promise<Uint8Array> {
  const name = new TextEncoder().encode(`${listing.length} ${listing}`);
  const input = new Uint8Array(name.length + cursor.length);
  input.set(name);
  input.set(cursor, name.length);
  return new Uint8Array(await crypto.subtle.digest('SHA-256', input)).subarray(0, CHECKSUM_BYTES);
}

function toBase64Url(bytes: Uint8Array): string {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function fromBase64Url(text: string): Uint8Array | undefined {
  if (text.length > MAX_LENGTH || text.length % 4 === 1 || !/^[\w-]+$/.test(text)) return undefined;
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));
}
