import type { CheckpointRules } from './checkpoints.ts';
import type { Fetcher } from './fetcher.ts';
import type { Plan, Rules } from './plan-types.ts';
import type { ReprDigest } from './repr-digest.ts';
import type { DownloadTarget } from './restore.ts';
import type { HttpHead } from './verdict.ts';
import type { PieceVerifier, Verification } from './verify.ts';

/** The first response of a download, from which the name of a file can be taken. */
export interface FirstResponse extends HttpHead {
  /** The address after all redirects. */
  readonly url: string;
}

/** The result of a download. */
export interface DownloadResult {
  /** In bytes. */
  readonly size: number;
  /** Bytes received by this run. */
  readonly received: number;
  readonly restarts: number;
  readonly verification: Verification;
}

/** All that an engine needs. */
export interface EngineOptions {
  readonly url: string;
  readonly rules: Rules;
  readonly target: DownloadTarget | ((first: FirstResponse) => Promise<DownloadTarget>);
  readonly fetcher: Fetcher;
  /** Of each request. */
  readonly fields: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
  readonly refresh: ((signal: AbortSignal) => Promise<string>) | undefined;
  readonly checksum: ReprDigest | undefined;
  readonly pieces: PieceVerifier | undefined;
  readonly isVerified: boolean;
  readonly checkpoints: CheckpointRules;
  /** Bytes a second. */
  readonly rateLimit: number | undefined;
}

/** A running plan. */
export interface Engine {
  plan(): Plan;
  /** Returns the bytes whose pieces were checked, and are right. */
  verified(): number;
  pause(): Promise<void>;
  resume(): void;
  readonly done: Promise<DownloadResult>;
}
