import type { DispositionType } from '../../http/index.ts';
import type { DownloadSource } from '../match-mount.ts';

/** What one download is answered from: its mount, and the values of its request that are no header fields. */
export interface DownloadContext extends DownloadSource {
  readonly key: string;
  readonly requestId: string;
  /** Fires when the client leaves, if the platform tells. */
  readonly signal: AbortSignal;
  /** Whether shared caches must not keep the answer. */
  readonly isPrivate: boolean;
  /** The Content-Disposition to send instead of the stored one. */
  readonly contentDisposition: { readonly type: DispositionType; readonly key: string } | undefined;
  /** Whether a middleware needs to know how the body ends. */
  readonly needsOutcome: boolean;
  /** How long the body may be left unread, in ms; `undefined` if the platform has a limit of its own. */
  readonly idleTimeout: number | undefined;
}
