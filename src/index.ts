// Gateway: the Hono app, and its middleware and handlers for apps that compose them differently.
export {
  createGateway,
  type GatewayOptions,
  type GatewayBaseOptions,
  type MountsOptions,
} from './gateway/create-gateway.ts';
export type { BodyPipe, BodyPlan, PipedBody, TransferOutcome } from './gateway/download/body-pipe.ts';
export type { ClientAddress, PlatformEnv, RangewayEnv, RangewayState } from './gateway/gateway-request.ts';
export { download, type DownloadOptions } from './gateway/handlers/download.ts';
export { health, ready } from './gateway/handlers/health.ts';
export type { ProbedStore, ReadinessOptions } from './gateway/readiness.ts';
export { listing, type FolderHandler, type FolderRequest, type ListingOptions } from './gateway/handlers/listing.ts';
export { pageAssets } from './gateway/handlers/page-assets.ts';
export { metricsPage, type MetricsPageOptions } from './gateway/handlers/metrics.ts';
export { onError } from './gateway/handlers/on-error.ts';
export { methodNotAllowed, options } from './gateway/handlers/other-methods.ts';
export { purge, PURGE, type PurgedKey, type PurgeOptions, type PurgePeers } from './gateway/handlers/purge.ts';
export { linkLimits, type LinkLimitsOptions } from './gateway/middleware/link-limits.ts';
export { ownTransfer } from './gateway/handlers/own-transfer.ts';
export { transferReceipt } from './gateway/handlers/receipt.ts';
export { transfersApi, type TransfersApiOptions } from './gateway/handlers/transfers.ts';
export { transfersPage, type TransfersPageOptions } from './gateway/handlers/transfers-page.ts';
export { accessLog } from './gateway/middleware/access-log.ts';
export { authorize } from './gateway/middleware/authorize.ts';
export { concurrencyLimit } from './gateway/middleware/concurrency-limit.ts';
export { cors } from './gateway/middleware/cors.ts';
export { errorPages } from './gateway/middleware/error-pages.ts';
export { mount } from './gateway/middleware/mount.ts';
export { requestId } from './gateway/middleware/request-id.ts';
export type { MountOptions, PiecesOptions, SharedOptions, TableMountOptions } from './gateway/open-mounts.ts';

// Observers: one event for each request, and the access log.
export type { DownloadEvent, DownloadStart, Observer, Outcome } from './observe/event.ts';
export {
  logObserver,
  printLogEntry,
  type Log,
  type LogEntry,
  type Logged,
  type LoggedClient,
  type LogOptions,
} from './observe/log.ts';

// Metrics: the numbers of requests, for Prometheus and for Workers Analytics Engine.
export { analyticsEngineObserver, type AnalyticsDataset } from './observe/metrics/analytics-engine.ts';
export type { ProcessValue } from './observe/metrics/instruments.ts';
export type { MetricsSnapshot } from './observe/metrics/measurements.ts';
export {
  prometheusMetrics,
  type Metrics,
  type PrintedMetrics,
  type PrometheusOptions,
} from './observe/metrics/prometheus.ts';

// Transfers: the state of downloads, and where it is kept. SQLite is in `rangeway/node`, Durable Objects in `/workers`.
export { trackTransfers, type TransferOptions, type TransferTracker } from './observe/transfers.ts';
export { memoryTransferStore, type MemoryTransferStoreOptions } from './transfers/drivers/memory.ts';
export type { AnonymousIdentity } from './transfers/reader-identity.ts';
export type {
  DownloadCounts,
  DownloadsFilter,
  TransferSummary,
  TransferChange,
  TransferDetails,
  TransferFilter,
  TransferPosition,
  TransferStore,
} from './transfers/transfer-store.ts';

// Access: rules, combinators, and signed links. JWT rules are in `rangeway/jwt`.
export * from './access/index.ts';

// Storage: the interface, portable stores, and wrappers. S3 is in `rangeway/s3`, files are in `rangeway/node`.
export { memoryStore, type MemoryStore, type StoredMetadata } from './store/drivers/memory.ts';
export { r2Store, type R2BucketLike } from './store/drivers/r2.ts';
export {
  isListable,
  type ListableStore,
  type ListEntry,
  type ListOptions,
  type ListPage,
} from './store/listable-store.ts';
export type { CallOptions, ObjectStore, OpenObject, ReadOptions, ReadResult } from './store/object-store.ts';
export { isStoreError, storeError, type StoreError, type StoreErrorCode } from './store/store-error.ts';
export { withFallback, type FallbackOptions } from './store/wrappers/with-fallback.ts';
export { withParallelReads, type ParallelReadsOptions } from './store/wrappers/with-parallel-reads.ts';
export { withRanges } from './store/wrappers/with-ranges.ts';
export { withResume, type ResumeOptions } from './store/wrappers/with-resume.ts';
export { withRetry, type RetryOptions } from './store/wrappers/with-retry.ts';

// Digests: tags of files by their piece index. The format of the index is in docs/piece-index.md.
export { withDigestTags } from './digests/with-digest-tags.ts';

// Block cache: the interface, the memory cache, and the wrapper of a store. Other caches: `rangeway/node`, `/workers`.
export type { BlockCache, BlockName, CachedBytes } from './cache/block-cache.ts';
export { memoryCache, type MemoryCache, type MemoryCacheOptions } from './cache/drivers/memory.ts';
export type { Freshness } from './cache/metadata-cache.ts';
export { withBlockCache, type BlockCacheOptions, type BlockCacheStore } from './cache/with-block-cache.ts';

// Configuration: the schema that all platforms share.
export type { SettingsError } from './base/settings-error.ts';
export { parseConfig, type Config, type ConfigInput } from './config/config.ts';
export type { SettingsInput } from './config/settings.ts';

// HTTP: the parts of a request that change a response, values of header fields, and representations.
export { answerKey, answerUrl } from './http/index.ts';
export type {
  AnswerField,
  AnswerKey,
  AnswerParameter,
  CachedMounts,
  CorsOrigins,
  CorsPolicy,
  EntityTag,
  Preconditions,
  RangeSpec,
  Representation,
  Span,
} from './http/index.ts';
