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
  /** The host in the client's address; `undefined` if it is unknown. */
  readonly host: string | undefined;
  /** When the grant of the request ends, in seconds since the epoch: no link may be valid longer. */
  readonly expires: number | undefined;
}

/** The largest body that a platform can send, and the handling of larger ones. */
export interface SizeLimit {
  /** Largest body in bytes. */
  readonly limit: number;
  readonly policy: OverflowPolicy;
  /** Makes a URL from which the client reads the object itself. Without it, `redirect` is handled like `refuse`. */
  readonly link?: ((target: LinkTarget) => Promise<string>) | undefined;
  /**
   * Makes a URL that answers with the whole object, even though a client repeats its Range after a redirect. Returns
   * `undefined` if there is none for this object. Without it, a Range with an If-Range of another version is answered
   * 412.
   */
  readonly linkWhole?: ((target: LinkTarget) => Promise<string | undefined>) | undefined;
}
