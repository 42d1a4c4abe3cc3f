import { decodeBase64Url, encodeBase64Url } from '../access/base64url.ts';
import { equalInConstantTime } from '../access/constant-time.ts';
import type { TransferFilter, TransferPosition } from '../transfers/transfer-store.ts';

/** Prints and checks the cursors of lists. A cursor is signed together with the filter of its list. */
export interface CursorSigner {
  print(position: TransferPosition, filter: TransferFilter): Promise<string>;
  /** @returns `undefined` if the cursor was not made here for this filter */
  parse(cursor: string, filter: TransferFilter): Promise<TransferPosition | undefined>;
}

/**
 * Makes a signer of cursors.
 *
 * @param secret signs them; a cursor is valid as long as it stays the same
 */
export function cursorSigner(secret: string): CursorSigner {
  async function sign(payload: string, { mount, key, state, reader }: TransferFilter): Promise<Uint8Array> {
    const algorithm = { name: 'HMAC', hash: 'SHA-256' };
    const bytes = Uint8Array.from(new TextEncoder().encode(`rangeway-cursor-1\n${secret}`));
    const signKey = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['sign']);
    const text = JSON.stringify([payload, mount ?? null, key ?? null, state ?? null, reader ?? null]);
    return new Uint8Array(await crypto.subtle.sign('HMAC', signKey, new TextEncoder().encode(text))).subarray(0, 16);
  }
  return {
    async print({ firstSeen, id }, filter) {
      const payload = `${firstSeen}.${id}`;
      return `${payload}.${encodeBase64Url(await sign(payload, filter))}`;
    },
    async parse(cursor, filter) {
      const [, payload = '', firstSeen = '', id = '', text = ''] =
        /^((\d{1,16})\.([\w-]{1,64}))\.([\w-]{22})$/.exec(cursor) ?? [];
      const signature = decodeBase64Url(text);
      if (signature === undefined || !equalInConstantTime(signature, await sign(payload, filter))) return undefined;
      return { firstSeen: Number(firstSeen), id };
    },
  };
}
