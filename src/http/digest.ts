import { DIGEST_ALGORITHMS, type DigestAlgorithm } from './digest-algorithm.ts';
import type { Fields } from './fields.ts';
import { trimOws } from './field-value.ts';
import { storedDigest } from './stored-fields.ts';
import { parseIntegerDictionary } from './structured-field.ts';

/**
 * Digests of a whole representation as it is stored, of the coded bytes if there is a content coding, in base64. Only
 * algorithms that RFC 9530 §5 recommends; CRCs and digests of the parts of an upload are no such digests.
 */
export type Digests = { readonly [Name in DigestAlgorithm]?: string | undefined };

/** Prints a digest as {@link Digests} has it. */
export function toBase64(digest: Uint8Array): string {
  return btoa(String.fromCharCode(...digest));
}

/** The weights that a request gives to algorithms, in lower case; 0 for one that is not wanted. */
export type DigestWeights = ReadonlyMap<string, number>;

/** The digest fields that a request asks for. */
export interface DigestWishes {
  /** Of Want-Repr-Digest. Absent if the request has no valid preference. */
  readonly repr?: DigestWeights | undefined;
  /** Of Want-Digest, the field before RFC 9530. Absent if the request has none. */
  readonly legacy?: DigestWeights | undefined;
}

/**
 * Parses Want-Repr-Digest (RFC 9530 §4) and Want-Digest (RFC 3230 §4.3.1). A malformed field or member is ignored.
 *
 * @returns `undefined` if the request has neither field
 */
export function parseDigestWishes(headers: Fields): DigestWishes | undefined {
  const repr = headers.get('Want-Repr-Digest');
  const legacy = headers.get('Want-Digest');
  if (repr === null && legacy === null) return undefined;
  return {
    repr: repr === null ? undefined : parseReprWeights(repr),
    legacy: legacy === null ? undefined : parseLegacyWeights(legacy),
  };
}

/** RFC 9530 §4: the weights are integers from 0 to 10. */
function parseReprWeights(field: string): DigestWeights {
  const weights = new Map<string, number>();
  for (const [name, weight] of parseIntegerDictionary(field) ?? [])
    if (weight !== undefined && weight >= 0 && weight <= 10) weights.set(name, weight);
  return weights;
}

const LEGACY_MEMBER = /^([!#$%&'*+.^_`|~\w-]+)[ \t]*(?:;[ \t]*q[ \t]*=[ \t]*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/i;

/** RFC 3230 §4.3.1: a weight is a number from 0 to 1, and 1 by default. */
function parseLegacyWeights(field: string): DigestWeights {
  const weights = new Map<string, number>();
  if (field.length > MAX_LEGACY_LENGTH) return weights;
  for (const member of field.split(',')) {
    const [, name, weight = '1'] = LEGACY_MEMBER.exec(trimOws(member)) ?? [];
    if (name !== undefined) weights.set(name.toLowerCase(), Number(weight));
  }
  return weights;
}

/** In characters. aria2's field, the longest known, has 80. */
const MAX_LEGACY_LENGTH = 1_024;

/**
 * Makes the digest fields of a 200 or 206. The digest is that of the whole representation, of a 206 too (RFC 9530 §3).
 *
 * Repr-Digest is sent unasked, with all algorithms, or with the one that the request prefers. If the request names only
 * algorithms that are not available, it gets those that are and that it does not exclude (RFC 9530, appendix C.2).
 * Digest is obsolete, so it is sent only for Want-Digest, and only in an algorithm that this names.
 */
export function digestFields(
  digests: Digests | undefined,
  wishes: DigestWishes = {},
): readonly (readonly [name: string, value: string])[] {
  if (digests === undefined) return [];
  const available = DIGEST_ALGORITHMS.flatMap((name) => {
    const value = storedDigest(name, digests[name]);
    return value === undefined ? [] : [{ name, value }];
  });
  const { repr = NO_WEIGHTS, legacy = NO_WEIGHTS } = wishes;
  const allowed = available.filter(({ name }) => repr.get(name) !== 0);
  const preferred = mostWanted(allowed, repr);
  const sent = preferred.length > 0 ? preferred : allowed;
  const sentLegacy = mostWanted(available, legacy);
  return [
    ...list('Repr-Digest', sent, ({ name, value }) => `${name}=:${value}:`, ', '),
    ...list('Digest', sentLegacy, ({ name, value }) => `${name.toUpperCase()}=${value}`, ','),
  ];
}

const NO_WEIGHTS: DigestWeights = new Map();

interface AvailableDigest {
  readonly name: DigestAlgorithm;
  readonly value: string;
}

/** Returns the digests with the highest weight; none if no weight is above 0. */
function mostWanted(available: readonly AvailableDigest[], weights: DigestWeights): readonly AvailableDigest[] {
  const highest = Math.max(0, ...available.map(({ name }) => weights.get(name) ?? 0));
  return highest === 0 ? [] : available.filter(({ name }) => weights.get(name) === highest);
}

function list(
  field: string,
  digests: readonly AvailableDigest[],
  print: (digest: AvailableDigest) => string,
  separator: string,
): readonly (readonly [string, string])[] {
  return digests.length === 0 ? [] : [[field, digests.map(print).join(separator)]];
}
