import type { Fields } from '../http/index.ts';

/** All that a download needs of a request: a web `Request`, or what a platform has before it makes one. */
export interface RequestHead {
  readonly method: string;
  /** The whole address, resolved. */
  readonly url: string;
  readonly headers: Fields;
  /** Fires when the client leaves, where the platform tells. */
  readonly signal: AbortSignal;
}

/** The fields as rules of our users know them. */
export function toHeaders(fields: Fields): Headers {
  return fields instanceof Headers ? fields : new Headers([...fields]);
}
