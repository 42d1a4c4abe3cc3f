import { totalLength } from '../http/span.ts';
import { CHECKPOINT_RULES } from './checkpoints.ts';
import { explainFailure } from './download-error.ts';
import { startEngine } from './engine.ts';
import type { DownloadResult, EngineOptions, FirstResponse } from './engine-types.ts';
import type { Phase, Plan, Rules } from './plan-types.ts';
import type { ReprDigest } from './repr-digest.ts';
import type { Journal } from './journal.ts';
import type { DownloadTarget } from './restore.ts';
import type { Sink } from './sink.ts';
import { webFetcher, type Fetcher } from './fetcher.ts';
import type { PieceVerifier } from './verify.ts';

/** How far a download is. */
export interface DownloadProgress {
  readonly phase: Phase;
  /** In bytes; `undefined` while it is unknown. */
  readonly size: number | undefined;
  /** Bytes that the sink has, those of earlier runs included. */
  readonly written: number;
  /** Bytes whose pieces were checked against an index, and are right. 0 if the server has none. */
  readonly verified: number;
  /** Bytes received by this run, those fetched again included. */
  readonly received: number;
  /** Requests in progress. */
  readonly connections: number;
  /** How often the download began again at its first byte. */
  readonly restarts: number;
  /** Failures since the last progress. */
  readonly failures: number;
  /** The last of them, in a sentence. */
  readonly lastFailure: string | undefined;
}

/** Where a download goes, and how. */
export interface ClientDownloadOptions {
  /** Where the bytes go, or a function that opens it for the first response. */
  readonly sink: Sink | ((first: FirstResponse) => Promise<DownloadTarget>);
  /** Where the state is kept for another run. Not beside a function as `sink`, which returns it. */
  readonly journal?: Journal;
  /** By default over the global `fetch`. */
  readonly fetcher?: Fetcher;
  readonly signal?: AbortSignal;
  /** The most connections. By default 8. */
  readonly connections?: number;
  /** Called about ten times a second. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Returns a fresh address of the same file, when the server answers 401, 403 or 410. */
  readonly refresh?: (signal: AbortSignal) => Promise<string>;
  /** Header fields of each request, names in lower case. */
  readonly fields?: Readonly<Record<string, string>>;
  /** The digest that the file has to have. By default that of Repr-Digest. */
  readonly checksum?: ReprDigest;
  readonly pieces?: PieceVerifier;
  /** Whether to verify the bytes. By default true. If false, a body whose end is uncertain is accepted too. */
  readonly verify?: boolean;
  /** The effect of a change of the object. By default the download begins again. */
  readonly onChange?: 'restart' | 'fail';
  /** Failures in a row until the download fails. By default 10. */
  readonly tries?: number;
  /** A connection that brings nothing for this time has failed, in ms. By default 30,000. */
  readonly stallTimeout?: number;
  /** The pause after the first failure, in ms; it doubles with each further one. By default 250. */
  readonly firstPause?: number;
  /** Whether to continue without a strong validator, at the risk of a mix of two versions. By default false. */
  readonly unsafeResume?: boolean;
  /** The most bytes a second. By default no limit. */
  readonly rateLimit?: number;
}

/** A download in progress. */
export interface Download {
  /** Closes all connections, and saves the state. Resolves when that is done. */
  pause(): Promise<void>;
  resume(): void;
  readonly progress: DownloadProgress;
  /** Resolves when the file is in its place. Rejects with a DownloadError. */
  readonly done: Promise<DownloadResult>;
}

/** How often a download may begin again at its first byte. */
const RESTARTS = 5;

/**
 * Downloads a file through several connections, and so that it is exact: all bytes are of one version, or the download
 * fails. Breaks are continued with conditions on the strong ETag or date, and each response is checked.
 *
 * @param url absolute, http or https
 * @returns at once; the download runs until `done` is settled
 * @throws TypeError if the address is not such a URL, or options exclude each other
 */
export function startDownload(url: string | URL, options: ClientDownloadOptions): Download {
  const address = URL.parse(String(url));
  if (address === null || !/^https?:$/.test(address.protocol))
    throw new TypeError(`no http or https URL: ${String(url)}`);
  address.hash = '';
  if (typeof options.sink === 'function' && options.journal !== undefined) {
    throw new TypeError('a function as sink returns the journal, so it is no option beside it');
  }
  const engine = startEngine(toEngineOptions(address, options));
  const progress = () => ({ ...toProgress(engine.plan()), verified: engine.verified() });
  const { onProgress } = options;
  const timer = onProgress === undefined ? undefined : setInterval(() => onProgress(progress()), PROGRESS_INTERVAL);
  const done = engine.done.finally(() => {
    if (timer !== undefined) clearInterval(timer);
    onProgress?.(progress());
  });
  // A rejection that the caller does not look at is no unhandled one.
  done.catch(() => undefined);
  return {
    pause: () => engine.pause(),
    resume: () => engine.resume(),
    get progress() {
      return progress();
    },
    done,
  };
}

const PROGRESS_INTERVAL = 100;

function toProgress({
  phase,
  version,
  written,
  received,
  connections,
  restarts,
  failures,
  lastFailure,
}: Plan): Omit<DownloadProgress, 'verified'> {
  return {
    phase,
    size: version?.size,
    written: totalLength(written),
    received,
    connections: connections.length,
    restarts,
    failures,
    lastFailure: lastFailure === undefined ? undefined : explainFailure(lastFailure),
  };
}

function toEngineOptions(url: URL, options: ClientDownloadOptions): EngineOptions {
  const { sink, journal, refresh, verify = true } = options;
  const rules: Rules = {
    connections: options.connections ?? 8,
    onChange: options.onChange ?? 'restart',
    tries: options.tries ?? 10,
    restarts: RESTARTS,
    stallTimeout: options.stallTimeout ?? 30_000,
    firstPause: options.firstPause ?? 250,
    splitAfter: 1_000,
    helpAfter: 2_000,
    leastHalf: 256 * 1024,
    isSequential: typeof sink !== 'function' && sink.isSequential,
    canRefresh: refresh !== undefined,
    unsafeResume: options.unsafeResume ?? false,
    acceptsUnframed: !verify,
  };
  return {
    url: url.href,
    rules,
    target: typeof sink === 'function' ? sink : { sink, journal },
    fetcher: options.fetcher ?? webFetcher(),
    fields: { ...options.fields, 'accept-encoding': 'identity' },
    signal: options.signal,
    refresh,
    checksum: options.checksum,
    pieces: options.pieces,
    isVerified: verify,
    checkpoints: CHECKPOINT_RULES,
    rateLimit: options.rateLimit,
  };
}
