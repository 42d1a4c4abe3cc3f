/** The names of the algorithms that RFC 9530 §5 recommends, as Repr-Digest has them, with the bytes of their digests. */
export const DIGEST_BYTES = { 'sha-256': 32, 'sha-512': 64 } as const;

/** The name of an algorithm in Repr-Digest. */
export type DigestAlgorithm = keyof typeof DIGEST_BYTES;

/** All algorithms, in the order in which they are sent. */
export const DIGEST_ALGORITHMS: readonly DigestAlgorithm[] = ['sha-256', 'sha-512'];

/**
 * Returns the algorithm of a name, in any case, with or without its hyphen, as users and other fields write it.
 *
 * @returns `undefined` for another algorithm
 */
export function parseDigestAlgorithm(name: string): DigestAlgorithm | undefined {
  const lower = name.toLowerCase();
  return DIGEST_ALGORITHMS.find((one) => one === lower || one.replace('-', '') === lower);
}
