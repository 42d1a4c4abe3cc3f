import {
  endRequests,
  newRecord,
  settleRecord,
  updateRecord,
  type RecordUpdate,
  type TransferName,
  type TransferRecord,
} from './transfer-record.ts';
import { IDLE_TIME, READERS_TIME, RUNNING_TIME, type Reader, type TransferChange } from './transfer-store.ts';

/** The tables of a store, as one transaction sees them. All methods are synchronous, as SQLite is. */
export interface TransferTables {
  find(name: TransferName): TransferRecord | undefined;
  /** Inserts or replaces the record with this id. */
  save(record: TransferRecord): void;
  /** Adds counts to the day of an object. */
  addDay(day: ObjectDay, counts: DayCounts): void;
  /** Notes a reader of a day. @returns whether it is the first time */
  addReader(day: ObjectDay, reader: string): boolean;
  /**
   * Lists transfers that are not settled.
   *
   * @param idleSince those without a running request were last seen before this time, in ms
   * @param lostSince those with one were last seen before this time, in ms
   * @param limit most transfers of the list
   */
  unsettled(idleSince: number, lostSince: number, limit: number): readonly TransferRecord[];
  /** Deletes settled transfers that were last seen before a time in ms. */
  deleteBefore(before: number): void;
  /** Deletes the names of the readers of the days before this one. */
  deleteReadersBefore(day: string): void;
}

/** One object on one day. */
export interface ObjectDay {
  readonly mount: string;
  readonly key: string;
  /** In UTC, such as `2026-11-29`. */
  readonly day: string;
}

/** Counts to add to a day. */
export interface DayCounts {
  complete: number;
  started: number;
  redirected: number;
  bytes: number;
  readers: number;
}

/** Returns the day of a time in UTC, such as `2026-11-29`. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/**
 * Applies the changes of one turn. Each transfer is read and written once, however many requests it had.
 *
 * @param newId makes the id of a new transfer
 */
export function applyChanges(tables: TransferTables, changes: readonly TransferChange[], newId: () => string): void {
  const updates = new Map<string, { readonly update: RecordUpdate; readonly day: ObjectDay }>();
  const days = dayCounter(tables);
  for (const change of changes) {
    const { mount, key, etag, size } = change.object;
    const day = { mount, key, day: dayOf(change.at) };
    const isVersioned = etag !== undefined && etag.startsWith('"') && size !== undefined;
    countRequest(tables, days.of(day), day, change, isVersioned);
    if (!isVersioned) continue;
    const name = { mount, key, etag, size, reader: change.reader.name };
    const id = JSON.stringify(name);
    let found = updates.get(id);
    if (found === undefined) {
      found = { update: updateRecord(openRecord(tables, name, change.reader, change.at, newId)), day };
      updates.set(id, found);
    }
    if (change.type === 'start') found.update.start(change);
    else found.update.end(change);
  }
  for (const { update, day } of updates.values()) {
    const { record, started } = update.finish();
    tables.save(record);
    days.of(day).started += started;
  }
  days.save();
}

/** Counts one request in the day of its object. */
function countRequest(
  tables: TransferTables,
  counts: DayCounts,
  day: ObjectDay,
  change: TransferChange,
  isVersioned: boolean,
): void {
  const isRedirect = change.type === 'end' && change.outcome === 'redirected';
  if (change.type === 'start' || isRedirect) {
    if (tables.addReader(day, change.reader.name)) counts.readers++;
    if (!isVersioned) counts.started++;
  }
  if (change.type === 'start') return;
  if (isRedirect) counts.redirected++;
  counts.bytes += change.bytesSent ?? 0;
  // Without a strong validator, responses can't be combined. A whole one is a download.
  if (!isVersioned && change.outcome === 'complete' && change.status === 200) counts.complete++;
}

/** Finds the record of a transfer, or the one of the month before, or makes a new one. */
function openRecord(
  tables: TransferTables,
  name: TransferName,
  { previousName }: Reader,
  at: number,
  newId: () => string,
): TransferRecord {
  const found = tables.find(name);
  if (found !== undefined) return found;
  const previous = previousName === undefined ? undefined : tables.find({ ...name, reader: previousName });
  return previous === undefined ? newRecord(name, newId(), at) : { ...previous, reader: name.reader };
}

/** Collects the counts of days, so that each day of an object is written once a turn. */
function dayCounter(tables: TransferTables): { of(day: ObjectDay): DayCounts; save(): void } {
  const days = new Map<string, { readonly day: ObjectDay; readonly counts: DayCounts }>();
  return {
    of(day) {
      const id = JSON.stringify(day);
      const known = days.get(id);
      if (known !== undefined) return known.counts;
      const counts = { complete: 0, started: 0, redirected: 0, bytes: 0, readers: 0 };
      days.set(id, { day, counts });
      return counts;
    },
    save() {
      for (const { day, counts } of days.values()) {
        if (Object.values(counts).some((count) => count !== 0)) tables.addDay(day, counts);
      }
    },
  };
}

/** Most transfers that one call of {@link maintainTables} settles, so that requests do not wait for it. */
const SETTLED_AT_ONCE = 500;

/**
 * Counts the downloads of idle readers, and deletes what is older than its retention.
 *
 * @param now wall clock, ms since the epoch
 * @param retention how long a transfer is kept after its last request, in ms
 * @returns whether more is to be done
 */
export function maintainTables(tables: TransferTables, now: number, retention: number): boolean {
  const idle = tables.unsettled(now - IDLE_TIME, now - RUNNING_TIME, SETTLED_AT_ONCE);
  const days = dayCounter(tables);
  for (const record of idle) {
    const { record: settled, complete } = settleRecord(endRequests(record, ''));
    tables.save(settled);
    const { mount, key, lastSeen } = settled;
    if (complete > 0) days.of({ mount, key, day: dayOf(lastSeen) }).complete += complete;
  }
  days.save();
  tables.deleteBefore(now - retention);
  tables.deleteReadersBefore(dayOf(now - READERS_TIME));
  return idle.length === SETTLED_AT_ONCE;
}
