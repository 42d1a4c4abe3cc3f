// The download engine. It runs in browsers, Workers and Node; files on Node are in `rangeway/node`.
export {
  startDownload as download,
  type ClientDownloadOptions as DownloadOptions,
  type Download,
  type DownloadProgress,
} from './download.ts';
export type { DownloadResult, FirstResponse } from './engine-types.ts';
export { isDownloadError, type DownloadError, type Failure } from './download-error.ts';
export { webFetcher, type BodyReader, type FetchRequest, type FetchResponse, type Fetcher } from './fetcher.ts';
export type { Journal } from './journal.ts';
export type { Phase } from './plan-types.ts';
export { parseChecksum, type ReprDigest } from './repr-digest.ts';
export type { DownloadTarget } from './restore.ts';
export type { Sink } from './sink.ts';
export type { FieldReader } from './validator.ts';
export type { HttpHead } from './verdict.ts';
export type { PieceVerifier, Verification } from './verify.ts';
