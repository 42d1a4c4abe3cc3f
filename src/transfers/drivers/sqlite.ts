import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { errorCode } from '../../base/error-code.ts';
import { DAY, DEFAULT_RETENTION, transferStoreBusy, type TransferStore } from '../transfer-store.ts';
import { sqlTransfers, type SqlDatabase, type SqlRow, type SqlTransfers } from './sql.ts';

/** Options of {@link sqliteTransferStore}. */
export interface SqliteTransferStoreOptions {
  /** The path of the database file. It is created if it does not exist. */
  readonly file: string;
  /** How long a transfer is kept after its last request, in days. By default 30. */
  readonly retention?: number | undefined;
}

/** Marks the file as one of ours: "RGWT". */
const APPLICATION_ID = 0x52475754;

/** One transaction costs as much as several rows, and this much may be lost if the process is killed. */
const TURN_TIME = 100;

/** After the file could not be opened, it is tried again after this many ms. */
const REOPEN_TIME = 5_000;

/**
 * Creates a store of transfers in one SQLite file. Only one process may use the file.
 *
 * The file is opened at the first call. If that fails, because it is locked, damaged, of a newer version or not a file
 * of transfers, all calls reject for a few seconds, and then it is tried again. A file of another program is never
 * written.
 *
 * @example
 * import { createGateway, memoryStore, trackTransfers } from 'rangeway';
 * import { sqliteTransferStore } from 'rangeway/node';
 *
 * const transfers = trackTransfers({ store: sqliteTransferStore({ file: 'transfers.sqlite' }) });
 * export default createGateway({ store: memoryStore(), transfers });
 */
export function sqliteTransferStore({
  file,
  retention = DEFAULT_RETENTION,
}: SqliteTransferStoreOptions): TransferStore {
  let opened: Promise<OpenFile> | undefined;

  async function open(): Promise<OpenFile> {
    opened ??= openFile(file, retention * DAY);
    try {
      return await opened;
    } catch (error) {
      const failed = opened;
      setTimeout(() => void (opened = opened === failed ? undefined : opened), REOPEN_TIME).unref();
      throw error;
    }
  }

  async function run<Result>(work: (transfers: SqlTransfers) => Result): Promise<Result> {
    try {
      return work((await open()).transfers);
    } catch (error) {
      throw isBusy(error) ? transferStoreBusy(error) : error;
    }
  }

  return {
    turnTime: TURN_TIME,
    write: (changes) => run((transfers) => transfers.write(changes)),
    get: (id) => run((transfers) => transfers.get(id)),
    list: (filter, limit, after) => run((transfers) => transfers.list(filter, limit, after)),
    downloads: (filter, limit) => run((transfers) => transfers.downloads(filter, limit)),
    deleteTransfer: (id) => run((transfers) => transfers.deleteTransfer(id)),
    deleteReader: (name) => run((transfers) => transfers.deleteReader(name)),
    async maintain(now) {
      while ((await run((transfers) => transfers.maintain(now))) === 'at-once') {
        // Requests are answered between two transactions.
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    endRequestsOf: (idPrefix) => run((transfers) => transfers.endRequestsOf(idPrefix)),
    async close() {
      const closing = opened;
      opened = undefined;
      (await closing)?.database.close();
    },
  };
}

interface OpenFile {
  readonly database: DatabaseSync;
  readonly transfers: SqlTransfers;
}

/** @throws Error if the file is not one of ours, or can't be opened */
async function openFile(file: string, retention: number): Promise<OpenFile> {
  // Loaded here, because old versions of Node lack it, and others print a warning when it is loaded.
  const sqlite = await import('node:sqlite');
  // Waiting for a lock would stop all downloads of this process.
  const database = new sqlite.DatabaseSync(file, { timeout: 0 });
  try {
    assertOurs(database, file);
    const transfers = sqlTransfers(
      sqlDatabase(database),
      () => retention,
      () => crypto.randomUUID(),
    );
    database.exec('PRAGMA journal_mode = WAL');
    // A commit survives the death of the process. Only the last ones may be lost if the machine loses its power.
    database.exec('PRAGMA synchronous = NORMAL');
    // This process has just begun, so no request of the file runs any more.
    transfers.endRequestsOf('');
    return { database, transfers };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Whether a database is one of transfers. */
export function isTransfersFile(database: DatabaseSync): boolean {
  return database.prepare('PRAGMA application_id').get()?.['application_id'] === APPLICATION_ID;
}

function assertOurs(database: DatabaseSync, file: string): void {
  const id = database.prepare('PRAGMA application_id').get()?.['application_id'];
  const tables = database.prepare('SELECT count(*) AS count FROM sqlite_schema').get()?.['count'];
  if (id === APPLICATION_ID) return;
  if (id !== 0 || tables !== 0) throw new Error(`${file} is a database of another program`);
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
}

function sqlDatabase(database: DatabaseSync): SqlDatabase {
  const statements = new Map<string, StatementSync>();
  function prepare(sql: string): StatementSync {
    const statement = statements.get(sql) ?? database.prepare(sql);
    statements.set(sql, statement);
    return statement;
  }
  return {
    query: (sql, ...values): readonly SqlRow[] => prepare(sql).all(...values),
    transaction(work) {
      database.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        database.exec('COMMIT');
        return result;
      } catch (error) {
        // A full disk has rolled the transaction back already.
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    },
  };
}

/** SQLITE_BUSY and SQLITE_LOCKED. */
const LOCKED_CODES: ReadonlySet<unknown> = new Set([5, 6]);

function isBusy(error: unknown): boolean {
  return (
    errorCode(error) === 'ERR_SQLITE_ERROR' && LOCKED_CODES.has(Number(Reflect.get(Object(error), 'errcode')) & 0xff)
  );
}
