import type { FieldReader } from './validator.ts';

/** A digest of the whole representation (RFC 9530). */
export interface ReprDigest {
  readonly algorithm: 'sha-256' | 'sha-512';
  /** In lower case. */
  readonly hex: string;
}

const BYTES: Readonly<Record<ReprDigest['algorithm'], number>> = { 'sha-256': 32, 'sha-512': 64 };

const MEMBER = /(?:^|,)[ \t]*(sha-256|sha-512)=:([A-Za-z\d+/]+={0,2}):[ \t]*(?=,|;|$)/g;

/** Longest field that is read, in characters. */
const MAX_LENGTH = 4_096;

/** Reads the digests of Repr-Digest. Members that are malformed, or of another algorithm, are ignored. */
export function parseReprDigests(fields: FieldReader): readonly ReprDigest[] {
  const value = fields.get('Repr-Digest');
  if (value === null || value.length > MAX_LENGTH) return [];
  return [...value.matchAll(MEMBER)].flatMap(([, name, base64 = '']) => {
    const algorithm = name === 'sha-512' ? 'sha-512' : 'sha-256';
    const hex = toHex(base64);
    return hex?.length === BYTES[algorithm] * 2 ? [{ algorithm, hex }] : [];
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

/**
 * Parses a digest as users write it, such as `sha-256=HEX` or `sha256:HEX`.
 *
 * @returns `undefined` if it is no such digest
 */
export function parseChecksum(text: string): ReprDigest | undefined {
  const [, bits, digits = ''] = /^sha-?(256|512)[=:]([\da-f]+)$/i.exec(text) ?? [];
  if (bits === undefined) return undefined;
  const algorithm = bits === '512' ? 'sha-512' : 'sha-256';
  return digits.length === BYTES[algorithm] * 2 ? { algorithm, hex: digits.toLowerCase() } : undefined;
}

/** Whether two lists have different digests of one algorithm, so that they are of different representations. */
export function contradictDigests(a: readonly ReprDigest[], b: readonly ReprDigest[]): boolean {
  return a.some((one) => b.some((other) => other.algorithm === one.algorithm && other.hex !== one.hex));
}
