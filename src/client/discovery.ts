import { PIECES_TYPE } from '../digests/piece-index.ts';
import type { FetchResponse, Fetcher } from './fetcher.ts';
import { linkedAddress } from './links.ts';
import { isSameOrigin } from './origins.ts';
import { parseReprDigests, type ReprDigest } from './repr-digest.ts';
import { printValidator, validatorOf } from './validator.ts';
import type { Version } from './verdict.ts';

const PIECES = { rel: 'describedby', type: PIECES_TYPE } as const;
const TRANSFER = { rel: 'related', type: 'application/vnd.rangeway.transfer+json' } as const;

/** The addresses and digests that a server tells beside an object. */
export interface Discovery {
  /** Reads the fields of a response of the object. `address` is the first one: before redirects, or after a refresh. */
  note(response: FetchResponse, address: string): void;
  /** Resolves when all that was asked for has been answered. Never rejects. */
  settled(): Promise<void>;
  /** The address of the piece index, as the last response told it. */
  pieces(): string | undefined;
  /** The address that takes receipts. It has the origin of the first address, which credentials are for. */
  transfer(): string | undefined;
  /** The digests of a version: those of its responses, else those that the first address told. */
  digestsOf(version: Version): readonly ReprDigest[];
}

/** How the first address is asked. */
export interface DiscoveryOptions {
  readonly fetcher: Fetcher;
  readonly fields: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/**
 * Keeps what a server tells in Link and Repr-Digest. After a redirect to another origin, which knows nothing of them, the
 * first address is asked by one HEAD.
 */
export function discovery({ fetcher, fields, signal }: DiscoveryOptions): Discovery {
  let pieces: string | undefined;
  let transfer: string | undefined;
  let told: Pick<Version, 'validator' | 'digests'> | undefined;
  let asked: string | undefined;
  let asking: Promise<void> | undefined;

  function read(response: FetchResponse, address: string): void {
    pieces = linkedAddress(response.fields, response.url, PIECES) ?? pieces;
    const found = linkedAddress(response.fields, response.url, TRANSFER);
    if (found !== undefined && isSameOrigin(found, address)) transfer = found;
  }

  async function ask(address: string): Promise<void> {
    const response = await fetcher({ method: 'HEAD', url: address, fields, signal });
    await response.body.cancel();
    // The storage behind a redirect has been asked already.
    if (response.status !== 200 || !isSameOrigin(response.url, address)) return;
    read(response, address);
    const now = Math.floor(Date.now() / 1000);
    told = { validator: validatorOf(response.fields, now), digests: parseReprDigests(response.fields) };
  }

  return {
    note(response, address) {
      if (response.status !== 200 && response.status !== 206) return;
      read(response, address);
      if (isSameOrigin(response.url, address) || asked === address) return;
      asked = address;
      asking = ask(address).catch(() => undefined);
    },
    settled: async () => asking,
    pieces: () => pieces,
    transfer: () => transfer,
    digestsOf({ validator, digests, isCoded }) {
      if (digests.length > 0 || told === undefined || isCoded || validator.type === 'none') return digests;
      return printValidator(told.validator) === printValidator(validator) ? told.digests : digests;
    },
  };
}
