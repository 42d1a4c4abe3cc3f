import type { LinkReader, LinkUsage, QuotaReply, QuotaRequest } from '../link-quota.ts';
import { settingsError } from '../../base/settings-error.ts';
import {
  DAY,
  DEFAULT_RETENTION,
  type DownloadCounts,
  type DownloadsFilter,
  type TransferSummary,
  type TransferChange,
  type TransferDetails,
  type TransferFilter,
  type TransferPosition,
  type TransferStore,
} from '../transfer-store.ts';

/** The settings that a shard gets with each write, since it outlives the Worker that calls it. */
export interface ShardSettings {
  /** The number of the shard, which the ids of its transfers begin with. */
  readonly shard: number;
  /** How long a transfer is kept after its last request, in ms. */
  readonly retention: number;
}

/** The methods of a Durable Object that keeps the transfers of some readers: `TransferShard` of `rangeway/workers`. */
export interface TransferShardStub {
  write(changes: readonly TransferChange[], settings: ShardSettings): Promise<void>;
  find(id: string): Promise<TransferDetails | undefined>;
  list(filter: TransferFilter, limit: number, after?: TransferPosition): Promise<readonly TransferSummary[]>;
  downloads(filter: DownloadsFilter, limit: number): Promise<readonly DownloadCounts[]>;
  deleteTransfer(id: string): Promise<boolean>;
  deleteReader(name: string): Promise<number>;
  maintain(now: number): Promise<void>;
  endRequestsOf(idPrefix: string): Promise<void>;
  reserve(request: QuotaRequest, settings: ShardSettings): Promise<QuotaReply>;
  getLink(reader: LinkReader): Promise<LinkUsage | undefined>;
  setRevoked(reader: LinkReader, isRevoked: boolean): Promise<LinkUsage>;
  forgetLink(reader: LinkReader): Promise<'forgotten' | 'revoked' | 'unknown'>;
}

/** Options of {@link durableObjectTransferStore}. */
export interface DurableObjectTransferStoreOptions {
  /** Returns the shard of a number. Called for each operation. */
  readonly shard: (index: number) => TransferShardStub;
  /** Number of shards, from 1 to 32; by default 1. A shard takes about 1,000 requests a second. Never decrease it. */
  readonly shards?: number | undefined;
  /** How long a transfer is kept after its last request, in days. By default 30. */
  readonly retention?: number | undefined;
}

/** The highest number of shards. Lists ask all of them. */
export const MAX_SHARDS = 32;

/**
 * Creates a store of transfers in Durable Objects. All transfers of one reader are in one shard. Each change is written
 * at once, because an object that waits is billed.
 *
 * @throws SettingsError for a number of shards out of range
 */
export function durableObjectTransferStore({
  shard: open,
  shards = 1,
  retention = DEFAULT_RETENTION,
}: DurableObjectTransferStoreOptions): TransferStore {
  if (!Number.isInteger(shards) || shards < 1 || shards > MAX_SHARDS) {
    throw settingsError(`takes a number from 1 to ${MAX_SHARDS}, not ${shards}`, 'shards');
  }
  const fromAll = <Result>(ask: (shard: TransferShardStub) => Promise<Result>): Promise<readonly Result[]> =>
    Promise.all(Array.from({ length: shards }, (_, index) => ask(open(index))));

  /** The shard of a transfer; `undefined` if no shard has made the id. */
  function shardOf(id: string): TransferShardStub | undefined {
    const index = Number(/^(\d{1,2})-/.exec(id)?.[1] ?? Number.NaN);
    return index < shards ? open(index) : undefined;
  }

  /** All requests of one reader are in one shard, and each of its calls is one turn. */
  const shardOfReader = (reader: LinkReader): TransferShardStub => open(reader.shard % shards);

  return {
    turnTime: 0,
    reserve: (request) =>
      shardOfReader(request.reader).reserve(request, {
        shard: request.reader.shard % shards,
        retention: retention * DAY,
      }),
    getLink: (reader) => shardOfReader(reader).getLink(reader),
    setRevoked: (reader, isRevoked) => shardOfReader(reader).setRevoked(reader, isRevoked),
    forgetLink: (reader) => shardOfReader(reader).forgetLink(reader),
    async write(changes) {
      const groups = Map.groupBy(changes, ({ reader }) => reader.shard % shards);
      await Promise.all(
        [...groups].map(([index, group]) => open(index).write(group, { shard: index, retention: retention * DAY })),
      );
    },
    get: async (id) => shardOf(id)?.find(id),
    async list(filter, limit, after) {
      const lists = await fromAll((shard) => shard.list(filter, limit, after));
      return lists
        .flat()
        .toSorted((a, b) => b.firstSeen - a.firstSeen || compareTexts(b.id, a.id))
        .slice(0, limit);
    },
    async downloads(filter, limit) {
      // Each shard returns its first rows, so the first rows of all are complete.
      const lists = await fromAll((shard) => shard.downloads(filter, limit));
      return mergeCounts(lists.flat()).slice(0, limit);
    },
    deleteTransfer: async (id) => (await shardOf(id)?.deleteTransfer(id)) ?? false,
    async deleteReader(name) {
      const counts = await fromAll((shard) => shard.deleteReader(name));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    maintain: async (now) => void (await fromAll((shard) => shard.maintain(now))),
    endRequestsOf: async (idPrefix) => void (await fromAll((shard) => shard.endRequestsOf(idPrefix))),
    async close() {
      // Nothing is open between two calls.
    },
  };
}

/** Adds the counts of one object and day up, ordered by key, mount and day. */
function mergeCounts(rows: readonly DownloadCounts[]): readonly DownloadCounts[] {
  const sums = new Map<string, DownloadCounts>();
  for (const row of rows) {
    const id = JSON.stringify([row.key, row.mount, row.day]);
    const sum = sums.get(id);
    sums.set(id, sum === undefined ? row : addCounts(sum, row));
  }
  return [...sums.values()].toSorted(
    (a, b) => compareTexts(a.key, b.key) || compareTexts(a.mount, b.mount) || compareTexts(a.day, b.day),
  );
}

function addCounts(a: DownloadCounts, b: DownloadCounts): DownloadCounts {
  return {
    ...a,
    complete: a.complete + b.complete,
    started: a.started + b.started,
    redirected: a.redirected + b.redirected,
    bytes: a.bytes + b.bytes,
    readers: a.readers + b.readers,
  };
}

/** Compares by UTF-16 units, as SQLite does for all characters up to U+FFFF. */
function compareTexts(a: string, b: string): number {
  return Number(a > b) - Number(a < b);
}
