/**
 * The statements that bring the tables from one version to the next: the first list makes version 1. A list that was
 * released never changes. The tables have no other use than this one, so a new version may also add columns.
 */
export const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE transfers (
      id TEXT PRIMARY KEY, mount TEXT NOT NULL, key TEXT NOT NULL, etag TEXT NOT NULL, size INTEGER NOT NULL,
      reader TEXT NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, requests INTEGER NOT NULL,
      connections INTEGER NOT NULL, bytes_sent INTEGER NOT NULL, outcome TEXT,
      requests_at_complete INTEGER NOT NULL, begun INTEGER NOT NULL,
      counted INTEGER NOT NULL, settled INTEGER NOT NULL, coverage TEXT NOT NULL, state TEXT NOT NULL,
      complete INTEGER NOT NULL, progress REAL NOT NULL, approximate INTEGER NOT NULL
    ) WITHOUT ROWID`,
    'CREATE UNIQUE INDEX transfers_name ON transfers (reader, key, etag, size, mount)',
    'CREATE INDEX transfers_newest ON transfers (first_seen, id)',
    'CREATE INDEX transfers_key ON transfers (key, first_seen, id)',
    'CREATE INDEX transfers_state ON transfers (state, first_seen, id)',
    'CREATE INDEX transfers_idle ON transfers (settled, last_seen)',
    `CREATE TABLE days (
      key TEXT NOT NULL, mount TEXT NOT NULL, day TEXT NOT NULL, complete INTEGER NOT NULL, started INTEGER NOT NULL,
      redirected INTEGER NOT NULL, bytes INTEGER NOT NULL, readers INTEGER NOT NULL, PRIMARY KEY (key, mount, day)
    ) WITHOUT ROWID`,
    `CREATE TABLE readers (
      reader TEXT NOT NULL, key TEXT NOT NULL, mount TEXT NOT NULL, day TEXT NOT NULL,
      PRIMARY KEY (reader, key, mount, day)
    ) WITHOUT ROWID`,
    'CREATE INDEX readers_day ON readers (day)',
  ],
  [
    `CREATE TABLE links (
      reader TEXT PRIMARY KEY, revoked INTEGER NOT NULL, bytes INTEGER NOT NULL, unread INTEGER NOT NULL,
      together_at INTEGER, size INTEGER NOT NULL, expires INTEGER, last_seen INTEGER, reservations TEXT NOT NULL
    ) WITHOUT ROWID`,
  ],
];

/** The version of the tables that this program reads and writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;
