import type { ReprDigest } from './repr-digest.ts';

/** Why a download has failed. */
export type Failure =
  /** The object changed, and `onChange` is `fail`, or it changes again and again. */
  | { readonly code: 'changed'; readonly reason: string }
  /** The bytes are not those of the digest. */
  | { readonly code: 'digest-mismatch'; readonly expected: ReprDigest | undefined; readonly actual: string | undefined }
  /** The server refuses the request for good. */
  | { readonly code: 'http-status'; readonly status: number }
  /** The server's responses do not match the requests. */
  | { readonly code: 'unusable-response'; readonly reason: string }
  /** The server can't be reached, breaks off, or stays busy. */
  | { readonly code: 'network'; readonly reason: string }
  /** The sink, or the journal, can't be written. */
  | { readonly code: 'disk'; readonly reason: string; readonly cause: unknown }
  /** The file, or its journal, belongs to something else. `reason` says what to do. */
  | { readonly code: 'conflict'; readonly reason: string }
  | { readonly code: 'aborted' };

/** The only error that a download rejects with. */
export interface DownloadError extends Error {
  readonly name: 'DownloadError';
  readonly failure: Failure;
}

/** Makes a {@link DownloadError}. */
export function downloadError(failure: Failure): DownloadError {
  const error = new Error(explainFailure(failure), 'cause' in failure ? { cause: failure.cause } : undefined);
  return Object.assign(error, { name: 'DownloadError' as const, failure });
}

/** Returns whether a thrown value is a {@link DownloadError}. */
export function isDownloadError(error: unknown): error is DownloadError {
  return error instanceof Error && error.name === 'DownloadError' && 'failure' in error;
}

/** Tells in a sentence why a download has failed. */
export function explainFailure(failure: Failure): string {
  switch (failure.code) {
    case 'changed':
      return `the file on the server changed during the download: ${failure.reason}`;
    case 'digest-mismatch': {
      const { expected, actual } = failure;
      const what = expected === undefined ? 'its pieces' : `${expected.algorithm} ${expected.hex}`;
      return `the bytes are not those of the digest: expected ${what}${actual === undefined ? '' : `, got ${actual}`}`;
    }
    case 'http-status':
      return `the server answered ${failure.status}`;
    case 'unusable-response':
      return `the responses of the server can't be used: ${failure.reason}`;
    case 'network':
      return failure.reason;
    case 'disk':
      return `it can't be written: ${failure.reason}`;
    case 'conflict':
      return failure.reason;
    case 'aborted':
      return 'the download was aborted';
  }
}
