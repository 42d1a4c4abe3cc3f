import type { DownloadProgress } from '../client/download.ts';
import type { Verification } from '../client/verify.ts';

/** The step that a download of a page is at. */
export type Status =
  /** The memory of the browser is being read. */
  | 'loading'
  | 'idle'
  /** Others of its queue come first. */
  | 'waiting'
  | 'running'
  | 'paused'
  /** The server refuses the link, and a new one is awaited. */
  | 'expired'
  | 'failed'
  | 'complete'
  /** The browser can't do it. The plain link is left. */
  | 'unavailable';

/** A download as its view shows it. */
export interface DownloadState {
  readonly status: Status;
  /** Of the file that is saved. */
  readonly name: string;
  /** In bytes; `undefined` while it is unknown. */
  readonly size: number | undefined;
  readonly written: number;
  readonly verified: number;
  /** Bytes a second over the last seconds. */
  readonly rate: number;
  readonly connections: number;
  /** A failure since the last progress, in a sentence. */
  readonly trouble: string | undefined;
  /** Sentences that the user has to read. */
  readonly notices: readonly string[];
  readonly verification: Verification | undefined;
  /** Whether the complete file is in the storage of the browser, and has to be saved. */
  readonly isStored: boolean;
}

/** The state before anything is known. */
export function initialState(name: string): DownloadState {
  return {
    status: 'loading',
    name,
    size: undefined,
    written: 0,
    verified: 0,
    rate: 0,
    connections: 0,
    trouble: undefined,
    notices: [],
    verification: undefined,
    isStored: false,
  };
}

/** Returns the fields of the state that an engine's progress tells. */
export function fromProgress(
  { size, written, verified, connections, failures, lastFailure }: DownloadProgress,
  rate: number,
): Partial<DownloadState> {
  return { size, written, verified, connections, rate, trouble: failures > 0 ? lastFailure : undefined };
}

/** The time that a rate is measured over, in ms. */
const WINDOW = 5_000;

/** Makes a function that takes the bytes received so far, and returns the rate of the last seconds in bytes a second. */
export function rateMeter(): (received: number) => number {
  const samples: { readonly at: number; readonly received: number }[] = [];
  return (received) => {
    const at = performance.now();
    samples.push({ at, received });
    while ((samples[0]?.at ?? at) < at - WINDOW) samples.shift();
    const first = samples[0] ?? { at, received };
    return at - first.at < 200 ? 0 : ((received - first.received) * 1000) / (at - first.at);
  };
}
