import type { DispositionType } from '../../http/index.ts';
import type { DownloadSource } from '../match-mount.ts';

/** The inputs of one download that are not header fields: the settings of its mount, and values of its request. */
export interface DownloadContext extends DownloadSource {
  /** The decoded key, relative to `store`. */
  readonly key: string;
  readonly requestId: string;
  /** Aborted when the client disconnects, if the platform reports that. */
  readonly signal: AbortSignal;
  /** Whether shared caches must not store the response. */
  readonly isPrivate: boolean;
  /** The Content-Disposition to send instead of the stored one; `undefined` to send the stored one. */
  readonly contentDisposition: { readonly type: DispositionType; readonly key: string } | undefined;
  /** The host in the client's address, if the platform knows it. */
  readonly publicHost: string | undefined;
  /** When the grant of the access rule ends, in seconds since the epoch; `undefined` if it does not end. */
  readonly grantExpires: number | undefined;
  /** Whether a middleware needs the outcome of the transfer. */
  readonly needsOutcome: boolean;
  /** Whether the bytes of a broken response have to be counted. By default `false`. */
  readonly isCounted?: boolean | undefined;
  /** How long the client may read no byte, in ms; `undefined` if the platform has a timeout of its own. */
  readonly idleTimeout: number | undefined;
}
