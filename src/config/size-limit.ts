import type { Representation } from '../http/index.ts';

/**
 * What becomes of a body that a platform can't send: `redirect` sends the client to the storage, `partial` answers a
 * range with its beginning (§15.3.7 allows it, some clients take it for the end) and redirects the rest, `refuse`
 * says so.
 */
export type OverflowPolicy = (typeof OVERFLOW_POLICIES)[number];

export const OVERFLOW_POLICIES = ['redirect', 'partial', 'refuse'] as const;

/** What a link leads to. */
export interface LinkTarget {
  readonly key: string;
  /** What was evaluated, for pinning the link to it. */
  readonly representation: Representation;
  /** The Content-Disposition to answer with, where it is another than the stored one. */
  readonly disposition: string | undefined;
}

/** How much a platform can send, and what is done about more. */
export interface SizeLimit {
  /** Bytes of a body that fit. */
  readonly limit: number;
  readonly policy: OverflowPolicy;
  /** Makes an address from which the client itself reads the object; without it, redirects are refusals. */
  readonly link?: ((target: LinkTarget) => Promise<string>) | undefined;
}
