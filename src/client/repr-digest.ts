import { DIGEST_BYTES, parseDigestAlgorithm, type DigestAlgorithm } from '../http/digest-algorithm.ts';
import type { FieldReader } from './validator.ts';

/** A digest of the whole representation (RFC 9530). */
export interface ReprDigest {
  readonly algorithm: DigestAlgorithm;
  /** In lower case. */
  readonly hex: string;
}

const MEMBER = /(?:^|,)[ \t]*([a-z\d-]+)=:([A-Za-z\d+/]+={0,2}):[ \t]*(?=,|;|$)/g;

/** Longest field that is read, in characters. */
const MAX_LENGTH = 4_096;

/** Reads the digests of Repr-Digest. Members that are malformed, or of another algorithm, are ignored. */
export function parseReprDigests(fields: FieldReader): readonly ReprDigest[] {
  const value = fields.get('Repr-Digest');
  if (value === null || value.length > MAX_LENGTH) return [];
  return [...value.matchAll(MEMBER)].flatMap(([, name = '', base64 = '']) => {
    const algorithm = name.includes('-') ? parseDigestAlgorithm(name) : undefined;
    return toDigest(algorithm, toHex(base64));
  });
}

/** Prints bytes as lower-case hexadecimal digits. */
export function toHexText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function toHex(base64: string): string | undefined {
  try {
    return toHexText(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
  } catch {
    return undefined;
  }
}

/** Returns a digest if it has the length of the algorithm. */
function toDigest(algorithm: DigestAlgorithm | undefined, hex: string | undefined): readonly ReprDigest[] {
  if (algorithm === undefined || hex?.length !== DIGEST_BYTES[algorithm] * 2) return [];
  return [{ algorithm, hex }];
}

/**
 * Parses a digest as users write it, such as `sha-256=HEX` or `sha256:HEX`.
 *
 * @returns `undefined` if it is no such digest
 */
export function parseChecksum(text: string): ReprDigest | undefined {
  const [, name = '', digits = ''] = /^(sha-?\d+)[=:]([\da-f]+)$/i.exec(text) ?? [];
  return toDigest(parseDigestAlgorithm(name), digits.toLowerCase())[0];
}

/** Whether two lists have different digests of one algorithm, so that they are of different representations. */
export function contradictDigests(a: readonly ReprDigest[], b: readonly ReprDigest[]): boolean {
  return a.some((one) => b.some((other) => other.algorithm === one.algorithm && other.hex !== one.hex));
}
