import { progressOf } from '../coverage.ts';
import type { LinkRecord } from '../link-quota.ts';
import { endReservationsIn, forgetLinkIn, linkUseIn, reserveInTables, setRevokedIn } from '../link-turn.ts';
import {
  stateOf,
  toDetails,
  toTransfer,
  endRequests,
  type TransferName,
  type TransferRecord,
} from '../transfer-record.ts';
import { DAY, DEFAULT_RETENTION, type DownloadCounts, type TransferStore } from '../transfer-store.ts';
import { applyChanges, dayOf, maintainTables, type DayCounts, type ObjectDay, type TransferTables } from '../turn.ts';

/** Options of {@link memoryTransferStore}. */
export interface MemoryTransferStoreOptions {
  /** How long a transfer is kept after its last request, in days. By default 30. */
  readonly retention?: number | undefined;
  /** Most transfers. With more, those that were seen first are deleted. By default 100,000. */
  readonly maxTransfers?: number | undefined;
}

/**
 * Creates a store of transfers in memory, for tests and small use. It is empty after a restart.
 *
 * @example
 * import { createGateway, memoryStore, memoryTransferStore, trackTransfers } from 'rangeway';
 *
 * const transfers = trackTransfers({ store: memoryTransferStore() });
 * export default createGateway({ store: memoryStore(), transfers });
 */
export function memoryTransferStore({
  retention = DEFAULT_RETENTION,
  maxTransfers = 100_000,
}: MemoryTransferStoreOptions = {}): TransferStore {
  const records = new Map<string, TransferRecord>();
  const idsByName = new Map<string, string>();
  const days = new Map<string, { readonly day: ObjectDay; readonly counts: DayCounts }>();
  const batches = new Set<string>();
  const readers = new Map<string, { readonly day: string; readonly reader: string }>();

  function remove({ id, ...record }: TransferRecord): void {
    records.delete(id);
    idsByName.delete(nameId(record));
  }

  const links = new Map<string, LinkRecord>();

  function deleteReader(name: string): number {
    const found = [...records.values()].filter(({ reader }) => reader === name);
    found.forEach(remove);
    for (const [id, { reader }] of readers) if (reader === name) readers.delete(id);
    return found.length;
  }

  const tables: TransferTables = {
    findLink: (reader) => links.get(reader),
    saveLink: (record) => void links.set(record.reader, record),
    deleteLink: (reader) => void links.delete(reader),
    reservedLinks: () => [...links.values()].filter(({ reservations }) => reservations.length > 0),
    deleteReader,
    readerUse(name) {
      const found = [...records.values()].filter(({ reader }) => reader === name);
      if (found.length === 0) return undefined;
      const complete = found.reduce((total, { coverage }) => total + progressOf(coverage).complete, 0);
      return { complete, bytesSent: found.reduce((total, { bytesSent }) => total + bytesSent, 0) };
    },
    deleteLinks(now, before) {
      for (const { reader, expires = Infinity, lastSeen = 0 } of links.values())
        if (expires < now && lastSeen < before) links.delete(reader);
    },
    find: (name) => records.get(idsByName.get(nameId(name)) ?? ''),
    save(record) {
      const before = records.get(record.id);
      if (before !== undefined) idsByName.delete(nameId(before));
      records.set(record.id, record);
      idsByName.set(nameId(record), record.id);
      for (const oldest of records.values()) {
        if (records.size <= maxTransfers) break;
        remove(oldest);
      }
    },
    addDay(day, added) {
      const id = JSON.stringify(day);
      const counts = days.get(id)?.counts;
      days.set(id, { day, counts: counts === undefined ? { ...added } : sum(counts, added) });
    },
    addBatch(batch) {
      const isNew = !batches.has(batch);
      batches.add(batch);
      return isNew;
    },
    addReader(day, reader) {
      const id = JSON.stringify([day, reader]);
      const isNew = !readers.has(id);
      readers.set(id, { day: day.day, reader });
      return isNew;
    },
    unsettled: (idleSince, lostSince, limit) =>
      [...records.values()]
        .filter(({ isSettled }) => !isSettled)
        .filter(({ lastSeen, coverage }) => lastSeen < (coverage.running.length > 0 ? lostSince : idleSince))
        .slice(0, limit),
    deleteBefore(before) {
      const isOld = ({ isSettled, lastSeen, reader }: TransferRecord) =>
        isSettled && lastSeen < before && !links.has(reader);
      for (const record of records.values()) if (isOld(record)) remove(record);
    },
    deleteReadersBefore(day) {
      for (const [id, reader] of readers) if (reader.day < day) readers.delete(id);
    },
  };

  return {
    turnTime: 0,
    async write(changes) {
      applyChanges(tables, changes, () => crypto.randomUUID());
    },
    async get(id) {
      const record = records.get(id);
      return record === undefined ? undefined : toDetails(record);
    },
    async list({ mount, key, state, reader }, limit, after) {
      return [...records.values()]
        .filter((record) => mount === undefined || record.mount === mount)
        .filter((record) => key === undefined || record.key === key)
        .filter((record) => reader === undefined || record.reader === reader)
        .filter((record) => state === undefined || stateOf(record) === state)
        .filter((record) => after === undefined || compareNewest(after, record) < 0)
        .toSorted(compareNewest)
        .slice(0, limit)
        .map(toTransfer);
    },
    async downloads({ mount, key, prefix, from, to }, limit) {
      const merged = new Map([...days].map(([id, { day, counts }]) => [id, { day, counts: { ...counts } }]));
      for (const record of records.values()) addUnsettled(merged, record);
      return [...merged.values()]
        .map(({ day, counts }): DownloadCounts => Object.assign({}, day, counts))
        .filter((row) => (mount === undefined || row.mount === mount) && (key === undefined || row.key === key))
        .filter((row) => (prefix === undefined || row.key.startsWith(prefix)) && row.day >= from && row.day <= to)
        .toSorted((a, b) => compare(a.key, b.key) || compare(a.mount, b.mount) || compare(a.day, b.day))
        .slice(0, limit);
    },
    async deleteTransfer(id) {
      const record = records.get(id);
      if (record !== undefined) remove(record);
      return record !== undefined;
    },
    deleteReader: async (name) => deleteReader(name),
    async maintain(now) {
      while (maintainTables(tables, now, retention * DAY));
    },
    async endRequestsOf(idPrefix) {
      for (const record of records.values()) tables.save(endRequests(record, idPrefix));
      endReservationsIn(tables, idPrefix);
    },
    reserve: async (request) => reserveInTables(tables, request),
    getLink: async (reader) => linkUseIn(tables, reader),
    setRevoked: async (reader, isRevoked) => setRevokedIn(tables, reader, isRevoked),
    forgetLink: async (reader) => forgetLinkIn(tables, reader),
    async close() {
      // Nothing is open.
    },
  };
}

function nameId({ mount, key, etag, size, reader }: TransferName): string {
  return JSON.stringify([mount, key, etag, size, reader]);
}

/** Adds the complete downloads that are not counted in their day yet. */
function addUnsettled(days: Map<string, { readonly day: ObjectDay; counts: DayCounts }>, record: TransferRecord): void {
  const complete = progressOf(record.coverage).complete - record.counted;
  if (record.isSettled || complete <= 0) return;
  const day = { mount: record.mount, key: record.key, day: dayOf(record.lastSeen) };
  const id = JSON.stringify(day);
  const counts = days.get(id)?.counts ?? { complete: 0, started: 0, redirected: 0, bytes: 0, readers: 0 };
  days.set(id, { day, counts: { ...counts, complete: counts.complete + complete } });
}

function sum(a: DayCounts, b: DayCounts): DayCounts {
  return {
    complete: a.complete + b.complete,
    started: a.started + b.started,
    redirected: a.redirected + b.redirected,
    bytes: a.bytes + b.bytes,
    readers: a.readers + b.readers,
  };
}

/** Orders transfers by the time at which they began, newest first, and then by id, descending. */
function compareNewest(
  a: Pick<TransferRecord, 'firstSeen' | 'id'>,
  b: Pick<TransferRecord, 'firstSeen' | 'id'>,
): number {
  return b.firstSeen - a.firstSeen || compare(b.id, a.id);
}

function compare(a: string, b: string): number {
  return Number(a > b) - Number(a < b);
}
