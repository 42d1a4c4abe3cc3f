import type { LinkReader, LinkUsage, QuotaReply, QuotaRequest } from '../link-quota.ts';
import { endReservationsIn, forgetLinkIn, linkUseIn, reserveInTables, setRevokedIn } from '../link-turn.ts';
import { newCoverage, progressOf } from '../coverage.ts';
import { packCoverage, unpackCoverage } from '../packed-coverage.ts';
import { endRequests, stateOf, toDetails, type TransferRecord } from '../transfer-record.ts';
import {
  TRANSFER_OUTCOMES,
  TRANSFER_STATES,
  type DownloadCounts,
  type DownloadsFilter,
  type TransferSummary,
  type TransferChange,
  type TransferDetails,
  type TransferFilter,
  type TransferPosition,
} from '../transfer-store.ts';
import { applyChanges, maintainTables, type TransferTables } from '../turn.ts';
import type { SqlDatabase, SqlRow, SqlValue } from './sql-database.ts';
import { sqlLinkTables } from './sql-links.ts';
import { MIGRATIONS, SCHEMA_VERSION } from './sql-schema.ts';

/** The operations of a store of transfers over one database. Each is one transaction. */
export interface SqlTransfers {
  write(changes: readonly TransferChange[]): void;
  get(id: string): TransferDetails | undefined;
  list(filter: TransferFilter, limit: number, after?: TransferPosition): readonly TransferSummary[];
  downloads(filter: DownloadsFilter, limit: number): readonly DownloadCounts[];
  deleteTransfer(id: string): boolean;
  deleteReader(name: string): number;
  /** @returns when it is to be called again: at once, when readers are idle, when the retention is over, or never */
  maintain(now: number): 'at-once' | 'when-idle' | 'when-old' | 'never';
  endRequestsOf(idPrefix: string): void;
  reserve(request: QuotaRequest): QuotaReply;
  getLink(reader: LinkReader): LinkUsage | undefined;
  setRevoked(reader: LinkReader, isRevoked: boolean): LinkUsage;
  forgetLink(reader: LinkReader): 'forgotten' | 'revoked' | 'unknown';
}

/**
 * Opens the tables of transfers in a database, and creates or migrates them.
 *
 * @param retention returns how long a transfer is kept after its last request, in ms
 * @param newId makes the id of a new transfer
 * @throws Error if the tables are of a newer version of this program
 */
export function sqlTransfers(db: SqlDatabase, retention: () => number, newId: () => string): SqlTransfers {
  db.transaction(() => migrate(db));
  const tables = sqlTables(db);
  return {
    write: (changes) => db.transaction(() => applyChanges(tables, changes, newId)),
    get(id) {
      const [row] = db.query('SELECT * FROM transfers WHERE id = ?', id);
      return row === undefined ? undefined : toDetails(toRecord(row));
    },
    list({ mount, key, state, reader }, limit, after) {
      const { where, values } = conditions([
        ['mount = ?', mount],
        ['key = ?', key],
        ['state = ?', state],
        ['reader = ?', reader],
        ['(first_seen, id) < (?, ?)', after?.firstSeen, after?.id],
      ]);
      const sql = `SELECT * FROM transfers ${where} ORDER BY first_seen DESC, id DESC LIMIT ?`;
      return db.query(sql, ...values, limit).map(toListed);
    },
    downloads: (filter, limit) => countDownloads(db, filter, limit),
    deleteTransfer: (id) => db.query('DELETE FROM transfers WHERE id = ? RETURNING 1', id).length > 0,
    deleteReader: (name) => db.transaction(() => tables.deleteReader(name)),
    maintain: (now) =>
      db.transaction(() => {
        if (maintainTables(tables, now, retention())) return 'at-once';
        const [oldest] = db.query('SELECT settled FROM transfers ORDER BY settled LIMIT 1');
        if (oldest !== undefined) return integer(oldest, 'settled') === 0 ? 'when-idle' : 'when-old';
        const rest = db.query('SELECT 1 FROM readers UNION ALL SELECT 1 FROM links WHERE expires > 0 LIMIT 1');
        return rest.length > 0 ? 'when-old' : 'never';
      }),
    endRequestsOf: (idPrefix) =>
      db.transaction(() => {
        const rows = db.query("SELECT * FROM transfers WHERE state = 'active'");
        for (const row of rows) tables.save(endRequests(toRecord(row), idPrefix));
        endReservationsIn(tables, idPrefix);
      }),
    reserve: (request) => db.transaction(() => reserveInTables(tables, request)),
    getLink: (reader) => linkUseIn(tables, reader),
    setRevoked: (reader, isRevoked) => db.transaction(() => setRevokedIn(tables, reader, isRevoked)),
    forgetLink: (reader) => db.transaction(() => forgetLinkIn(tables, reader)),
  };
}

function migrate(db: SqlDatabase): void {
  db.query('CREATE TABLE IF NOT EXISTS rangeway (name TEXT PRIMARY KEY, value INTEGER NOT NULL)');
  const [row] = db.query("SELECT value FROM rangeway WHERE name = 'schema'");
  const version = row === undefined ? 0 : integer(row, 'value');
  if (version > SCHEMA_VERSION) {
    throw new Error(
      `the database has version ${version}, which is newer than ${SCHEMA_VERSION}, the newest known here`,
    );
  }
  for (const statement of MIGRATIONS.slice(version).flat()) db.query(statement);
  if (version < SCHEMA_VERSION) db.query("INSERT OR REPLACE INTO rangeway VALUES ('schema', ?)", SCHEMA_VERSION);
}

const SAVE = `INSERT OR REPLACE INTO transfers (id, mount, key, etag, size, reader, first_seen, last_seen, requests,
  connections, bytes_sent, outcome, requests_at_complete, begun, counted, settled, coverage, state, complete, progress, approximate)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

function sqlTables(db: SqlDatabase): TransferTables {
  return {
    ...sqlLinkTables(db),
    find({ mount, key, etag, size, reader }) {
      const sql = 'SELECT * FROM transfers WHERE reader = ? AND key = ? AND etag = ? AND size = ? AND mount = ?';
      const [row] = db.query(sql, reader, key, etag, size, mount);
      return row === undefined ? undefined : toRecord(row);
    },
    save(record) {
      const { id, mount, key, etag, size, reader, firstSeen, lastSeen, requests, connections, bytesSent } = record;
      const { complete, progress, approximate } = progressOf(record.coverage);
      const name = [id, mount, key, etag, size, reader];
      const use = [firstSeen, lastSeen, requests, connections, bytesSent, record.outcome ?? null];
      const counts = [
        record.requestsAtComplete,
        record.begun,
        record.counted,
        Number(record.isSettled),
        packCoverage(record.coverage),
      ];
      db.query(SAVE, ...name, ...use, ...counts, stateOf(record), complete, progress, Number(approximate));
    },
    addDay({ mount, key, day }, { complete, started, redirected, bytes, readers }) {
      const sql = `INSERT INTO days (key, mount, day, complete, started, redirected, bytes, readers)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key, mount, day) DO UPDATE SET
        complete = complete + excluded.complete, started = started + excluded.started,
        redirected = redirected + excluded.redirected, bytes = bytes + excluded.bytes,
        readers = readers + excluded.readers`;
      db.query(sql, key, mount, day, complete, started, redirected, bytes, readers);
    },
    addBatch(batch) {
      const sql = 'INSERT OR IGNORE INTO rangeway (name, value) VALUES (?, 1) RETURNING 1';
      return db.query(sql, `batch:${batch}`).length > 0;
    },
    addReader({ mount, key, day }, reader) {
      const sql = 'INSERT OR IGNORE INTO readers (reader, key, mount, day) VALUES (?, ?, ?, ?) RETURNING 1';
      return db.query(sql, reader, key, mount, day).length > 0;
    },
    unsettled(idleSince, lostSince, limit) {
      const sql = `SELECT * FROM transfers WHERE settled = 0 AND last_seen < ?
        AND (state <> 'active' OR last_seen < ?) ORDER BY last_seen LIMIT ?`;
      return db.query(sql, idleSince, lostSince, limit).map(toRecord);
    },
    deleteBefore(before) {
      const old = 'settled = 1 AND last_seen < ?';
      db.query(`DELETE FROM transfers WHERE ${old} AND reader NOT IN (SELECT reader FROM links)`, before);
    },
    deleteReadersBefore: (day) => void db.query('DELETE FROM readers WHERE day < ?', day),
  };
}

/** The rows of days, with the complete downloads of transfers that are not counted in their day yet. */
function countDownloads(
  db: SqlDatabase,
  { mount, key, prefix, from, to }: DownloadsFilter,
  limit: number,
): readonly DownloadCounts[] {
  const { where, values } = conditions([
    ['mount = ?', mount],
    ['key = ?', key],
    ['key >= ?', prefix],
    ['substr(key, 1, length(?)) = ?', prefix, prefix],
    ['day >= ?', from],
    ['day <= ?', to],
  ]);
  const unsettled = `SELECT key, mount, strftime('%Y-%m-%d', last_seen / 1000, 'unixepoch') AS day,
    complete - counted AS complete, 0 AS started, 0 AS redirected, 0 AS bytes, 0 AS readers
    FROM transfers WHERE settled = 0 AND complete > counted`;
  const sql = `SELECT mount, key, day, sum(complete) AS complete, sum(started) AS started,
    sum(redirected) AS redirected, sum(bytes) AS bytes, sum(readers) AS readers FROM (
      SELECT key, mount, day, complete, started, redirected, bytes, readers FROM days
      UNION ALL ${unsettled}) ${where}
    GROUP BY key, mount, day ORDER BY key, mount, day LIMIT ?`;
  return db.query(sql, ...values, limit).map((row) => ({
    mount: text(row, 'mount'),
    key: text(row, 'key'),
    day: text(row, 'day'),
    complete: integer(row, 'complete'),
    started: integer(row, 'started'),
    redirected: integer(row, 'redirected'),
    bytes: integer(row, 'bytes'),
    readers: integer(row, 'readers'),
  }));
}

type Condition = readonly [sql: string, ...values: readonly (SqlValue | undefined)[]];

/** Joins those conditions whose values are all present. */
function conditions(list: readonly Condition[]): { readonly where: string; readonly values: readonly SqlValue[] } {
  const present = list.filter(([, ...values]) => !values.includes(undefined));
  const where = present.length === 0 ? '' : `WHERE ${present.map(([sql]) => sql).join(' AND ')}`;
  return { where, values: present.flatMap(([, ...values]) => values.filter((value) => value !== undefined)) };
}

function toListed(row: SqlRow): TransferSummary {
  const { id, mount, key, etag, size, reader, firstSeen, lastSeen, requests, connections, bytesSent, outcome } =
    toColumns(row);
  const stored = text(row, 'state');
  return {
    id,
    mount,
    key,
    etag,
    size,
    reader,
    state: TRANSFER_STATES.find((state) => state === stored) ?? 'paused',
    complete: integer(row, 'complete'),
    progress: integer(row, 'progress'),
    approximate: integer(row, 'approximate') === 1,
    firstSeen,
    lastSeen,
    requests,
    connections,
    bytesSent,
    outcome,
  };
}

function toRecord(row: SqlRow): TransferRecord {
  const columns = toColumns(row);
  // A damaged text loses one transfer, and not the service.
  const coverage = unpackCoverage(text(row, 'coverage'), columns.size) ?? newCoverage(columns.size);
  return { ...columns, coverage };
}

function toColumns(row: SqlRow): Omit<TransferRecord, 'coverage'> {
  const stored = row['outcome'];
  return {
    id: text(row, 'id'),
    mount: text(row, 'mount'),
    key: text(row, 'key'),
    etag: text(row, 'etag'),
    size: integer(row, 'size'),
    reader: text(row, 'reader'),
    firstSeen: integer(row, 'first_seen'),
    lastSeen: integer(row, 'last_seen'),
    requests: integer(row, 'requests'),
    connections: integer(row, 'connections'),
    bytesSent: integer(row, 'bytes_sent'),
    outcome: TRANSFER_OUTCOMES.find((outcome) => outcome === stored),
    requestsAtComplete: integer(row, 'requests_at_complete'),
    begun: integer(row, 'begun'),
    counted: integer(row, 'counted'),
    isSettled: integer(row, 'settled') === 1,
  };
}

function text(row: SqlRow, column: string): string {
  const value = row[column];
  return typeof value === 'string' ? value : '';
}

function integer(row: SqlRow, column: string): number {
  const value = row[column];
  return typeof value === 'number' ? value : 0;
}
