import { settleInTables, type LinkTables } from './link-turn.ts';
import {
  endRequests,
  newRecord,
  settleRecord,
  updateRecord,
  type RecordUpdate,
  type TransferName,
  type TransferRecord,
} from './transfer-record.ts';
import {
  DAY,
  IDLE_TIME,
  READERS_TIME,
  RUNNING_TIME,
  type Reader,
  type RecordChange,
  type TransferChange,
} from './transfer-store.ts';

/** The tables of a store, as one transaction sees them. All methods are synchronous, as SQLite is. */
export interface TransferTables extends LinkTables {
  find(name: TransferName): TransferRecord | undefined;
  /** Inserts or replaces the record with this id. */
  save(record: TransferRecord): void;
  /** Adds counts to the day of an object. */
  addDay(day: ObjectDay, counts: DayCounts): void;
  /** Notes a batch of a log. @returns whether it is the first time */
  addBatch(batch: string): boolean;
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
  /** Deletes settled transfers that were last seen before a time in ms. Those of links that are kept stay. */
  deleteBefore(before: number): void;
  /** Deletes links that have expired before `now` and were last seen before `before`, both in ms since the epoch. */
  deleteLinks(now: number, before: number): void;
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
  // Most calls are for the same day, and printing a date costs more than the rest of a change.
  const number = Math.floor(at / DAY);
  if (number !== lastDay.number) lastDay = { number, text: new Date(at).toISOString().slice(0, 10) };
  return lastDay.text;
}

let lastDay = { number: Number.NaN, text: '' };

/**
 * Applies the changes of one turn. Each transfer is read and written once, however many requests it had.
 *
 * @param newId makes the id of a new transfer
 */
export function applyChanges(tables: TransferTables, changes: readonly TransferChange[], newId: () => string): void {
  const updates = new Map<string, OpenUpdate>();
  const updatesById = new Map<string, OpenUpdate>();
  const days = dayCounter(tables);
  const isNew = batchFilter(tables);

  function find(change: RecordChange): OpenUpdate | undefined {
    const { mount, key, etag, size } = change.object;
    if (etag === undefined || !etag.startsWith('"') || size === undefined) return undefined;
    const { name: reader, previousName } = change.reader;
    const idOf = (ofReader: string) => joined(mount, key, etag, String(size), ofReader);
    const known = updates.get(idOf(reader));
    if (known !== undefined) return known;
    const name = { mount, key, etag, size, reader };
    const stored = tables.find(name);
    // In the turn in which a month ends, a transfer has two names.
    const earlier = previousName === undefined || stored !== undefined ? undefined : updates.get(idOf(previousName));
    const found = earlier ?? open(stored ?? continuedRecord(tables, name, change.reader, change.at, newId), change);
    updates.set(idOf(reader), found);
    return found;
  }

  function open(record: TransferRecord, { object: { mount, key }, at }: RecordChange): OpenUpdate {
    const known = updatesById.get(record.id);
    if (known !== undefined) return known;
    const opened = { update: updateRecord(record), day: { mount, key, day: dayOf(at) } };
    updatesById.set(record.id, opened);
    return opened;
  }

  // A program that asks for many ranges makes many changes of one transfer, which is then looked up once.
  let last:
    | { readonly change: RecordChange; readonly day: OpenDay; readonly found: OpenUpdate | undefined }
    | undefined;
  for (const change of changes) {
    if (change.type === 'settle') {
      settleInTables(tables, change);
      continue;
    }
    if (!isNew(change)) continue;
    if (last === undefined || !isSameTransfer(last.change, change)) {
      const { mount, key } = change.object;
      last = { change, day: days.open({ mount, key, day: dayOf(change.at) }), found: find(change) };
    }
    countRequest(last.day, change, last.found !== undefined);
    if (last.found !== undefined) apply(last.found.update, change);
  }
  for (const { update, day } of updatesById.values()) {
    const { record, started } = update.finish();
    tables.save(record);
    days.open(day).counts.started += started;
  }
  days.save();
}

/** A transfer with changes in this turn. */
interface OpenUpdate {
  readonly update: RecordUpdate;
  readonly day: ObjectDay;
}

/** Whether two changes are of the same reader and version on the same day. */
function isSameTransfer(a: RecordChange, b: RecordChange): boolean {
  const { object, reader } = a;
  const other = b.object;
  return (
    (object === other ||
      (object.key === other.key &&
        object.etag === other.etag &&
        object.mount === other.mount &&
        object.size === other.size)) &&
    reader.name === b.reader.name &&
    dayOf(a.at) === dayOf(b.at)
  );
}

/** Makes the function that finds out whether a change is in a batch that was written in an earlier turn. */
function batchFilter(tables: TransferTables): (change: RecordChange) => boolean {
  const batches = new Map<string, boolean>();
  return ({ batch }) => {
    if (batch === undefined) return true;
    const isNew = batches.get(batch) ?? tables.addBatch(batch);
    batches.set(batch, isNew);
    return isNew;
  };
}

function apply(update: RecordUpdate, change: RecordChange): void {
  switch (change.type) {
    case 'start':
      return update.start(change);
    case 'end':
      return update.end(change);
    case 'receipt':
      return update.receive(change);
  }
}

/** Returns the record of the month before, or a new one. */
function continuedRecord(
  tables: TransferTables,
  name: TransferName,
  { previousName }: Reader,
  at: number,
  newId: () => string,
): TransferRecord {
  const previous = previousName === undefined ? undefined : tables.find({ ...name, reader: previousName });
  if (previous === undefined) return newRecord(name, newId(), at);
  // A request that runs has begun under the name of the month before, and its end comes under it.
  return previous.coverage.running.length > 0 ? previous : { ...previous, reader: name.reader };
}

/** The counts of one day, and the readers of its requests. */
interface OpenDay {
  readonly day: ObjectDay;
  readonly counts: DayCounts;
  readonly readers: Set<string>;
}

/** The counts of days, so that each day of an object is written once a turn. */
interface DayCounter {
  open(day: ObjectDay): OpenDay;
  save(): void;
}

/** Counts one request in the day of its object. */
function countRequest({ counts, readers }: OpenDay, change: RecordChange, isVersioned: boolean): void {
  const isRedirect = change.type === 'end' && change.outcome === 'redirected';
  // An empty object has no byte whose response could begin.
  if (change.type !== 'end' || isRedirect || change.object.size === 0) {
    readers.add(change.reader.name);
    if (!isVersioned) counts.started++;
  }
  if (change.type !== 'end') return;
  if (isRedirect) counts.redirected++;
  counts.bytes += change.bytesSent ?? 0;
  // Without a strong validator, responses can't be combined. A whole one is a download.
  if (!isVersioned && change.outcome === 'complete' && change.status === 200) counts.complete++;
}

function dayCounter(tables: TransferTables): DayCounter {
  const days = new Map<string, OpenDay>();

  function open(day: ObjectDay): OpenDay {
    const id = joined(day.day, day.mount, day.key);
    const known = days.get(id);
    if (known !== undefined) return known;
    const counts = { complete: 0, started: 0, redirected: 0, bytes: 0, readers: 0 };
    const opened = { day, counts, readers: new Set<string>() };
    days.set(id, opened);
    return opened;
  }

  return {
    open,
    save() {
      for (const { day, counts, readers } of days.values()) {
        for (const reader of readers) if (tables.addReader(day, reader)) counts.readers++;
        if (Object.values(counts).some((count) => count !== 0)) tables.addDay(day, counts);
      }
    },
  };
}

/** Joins texts to the key of a map. None of them contains NUL: keys with it are refused, and names of readers hashed. */
function joined(...texts: readonly string[]): string {
  return texts.join('\0');
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
    if (complete > 0) days.open({ mount, key, day: dayOf(lastSeen) }).counts.complete += complete;
  }
  days.save();
  // The downloads of a link are counted until it expires, so that it can't be used again.
  tables.deleteLinks(now, now - retention);
  tables.deleteBefore(now - retention);
  tables.deleteReadersBefore(dayOf(now - READERS_TIME));
  return idle.length === SETTLED_AT_ONCE;
}
