import type { LinkRecord, Reservation } from '../link-quota.ts';
import type { LinkTables } from '../link-turn.ts';
import type { SqlDatabase, SqlRow } from './sql-database.ts';

/** The tables of links in a database. */
export function sqlLinkTables(db: SqlDatabase): LinkTables & { deleteLinks(now: number, before: number): void } {
  return {
    findLink(reader) {
      const [row] = db.query('SELECT * FROM links WHERE reader = ?', reader);
      return row === undefined ? undefined : toLink(reader, row);
    },
    saveLink({ reader, isRevoked, bytes, unread, togetherAt, size, expires, lastSeen, reservations }) {
      const sql = `INSERT OR REPLACE INTO links (reader, revoked, bytes, unread, together_at, size, expires, last_seen,
        reservations) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
      const packed = JSON.stringify(reservations.map(({ id, bytes: reserved, sent, at }) => [id, reserved, sent, at]));
      const times = [togetherAt ?? null, size, expires ?? null, lastSeen ?? null] as const;
      db.query(sql, reader, Number(isRevoked), bytes, unread, ...times, packed);
    },
    deleteLink: (reader) => void db.query('DELETE FROM links WHERE reader = ?', reader),
    reservedLinks: () =>
      db.query("SELECT * FROM links WHERE reservations <> '[]'").map((row) => toLink(String(row['reader']), row)),
    readerUse(reader) {
      const sql = `SELECT count(*) AS count, sum(complete) AS complete, sum(bytes_sent) AS bytes
        FROM transfers WHERE reader = ?`;
      const [row] = db.query(sql, reader);
      if (row === undefined || numberOf(row, 'count') === 0) return undefined;
      return { complete: numberOf(row, 'complete') ?? 0, bytesSent: numberOf(row, 'bytes') ?? 0 };
    },
    deleteReader(reader) {
      db.query('DELETE FROM readers WHERE reader = ?', reader);
      return db.query('DELETE FROM transfers WHERE reader = ? RETURNING 1', reader).length;
    },
    deleteLinks: (now, before) =>
      void db.query('DELETE FROM links WHERE expires < ? AND (last_seen IS NULL OR last_seen < ?)', now, before),
  };
}

function toLink(reader: string, row: SqlRow): LinkRecord {
  return {
    reader,
    isRevoked: row['revoked'] === 1,
    bytes: numberOf(row, 'bytes') ?? 0,
    unread: numberOf(row, 'unread') ?? 0,
    togetherAt: numberOf(row, 'together_at'),
    size: numberOf(row, 'size') ?? 0,
    expires: numberOf(row, 'expires'),
    lastSeen: numberOf(row, 'last_seen'),
    reservations: toReservations(row['reservations']),
  };
}

/** A reservation that is damaged is omitted, so its bytes do not count. */
function toReservations(text: unknown): readonly Reservation[] {
  const list: unknown = typeof text === 'string' ? JSON.parse(text) : [];
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown) => {
    const [id, ...numbers]: readonly unknown[] = Array.isArray(item) ? item : [];
    const [bytes, sent, at] = numbers.filter((value) => typeof value === 'number');
    if (typeof id !== 'string' || bytes === undefined || sent === undefined || at === undefined) return [];
    return [{ id, bytes, sent, at }];
  });
}

function numberOf(row: SqlRow, column: string): number | undefined {
  const value = row[column];
  return typeof value === 'number' ? value : undefined;
}
