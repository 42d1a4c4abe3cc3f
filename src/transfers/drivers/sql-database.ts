/** A value of a column, or of a parameter. */
export type SqlValue = string | number | null;

/** A row as the driver of a database returns it. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** A SQLite database with a synchronous interface: `node:sqlite`, or the storage of a Durable Object. */
export interface SqlDatabase {
  /** Runs one statement. @returns its rows */
  query(sql: string, ...values: readonly SqlValue[]): readonly SqlRow[];
  /** Runs work in one transaction, which is rolled back if the work throws. */
  transaction<Result>(work: () => Result): Result;
}
