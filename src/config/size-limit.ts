import type { Representation } from '../http/index.ts';

/**
 * Handling of a body that is too large for the platform. `redirect` sends the client to the storage. `partial` sends
 * the beginning of a range (§15.3.7 allows this, but some clients treat it as the end) and redirects other requests.
 * `refuse` responds with an error.
 */
export type OverflowPolicy = (typeof OVERFLOW_POLICIES)[number];

/** All overflow policies. */
export const OVERFLOW_POLICIES = ['redirect', 'partial', 'refuse'] as const;

/** The object that a redirect leads to. */
export interface LinkTarget {
  /** Key in the store. */
  readonly key: string;
  /** The version that the response was decided for. The link is pinned to it. */
  readonly representation: Representation;
  /** Content-Disposition of the storage's response; `undefined` if it is the stored one. */
  readonly disposition: string | undefined;
}

/** The largest body that a platform can send, and the handling of larger ones. */
export interface SizeLimit {
  /** Largest body in bytes. */
  readonly limit: number;
  readonly policy: OverflowPolicy;
  /** Makes a URL from which the client reads the object itself. Without it, `redirect` is handled like `refuse`. */
  readonly link?: ((target: LinkTarget) => Promise<string>) | undefined;
}
