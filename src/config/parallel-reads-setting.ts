import * as v from 'valibot';
import { settingsError } from '../base/settings-error.ts';
import { DEFAULT_PARALLEL_READS } from '../store/wrappers/with-parallel-reads.ts';
import { count, MiB, table } from './schema.ts';

/** One connection would read no part ahead. Of the 1,000 that a process on Node has, no client takes more than these. */
const connections = count(16, 'connections', 2);

const parallelReadsTable = table({
  /** Connections to the storage that one download has at a time at the most; on Workers 4. */
  connections: v.optional(connections, DEFAULT_PARALLEL_READS.connections),
  /** Of a part, which is one read of the storage. */
  partSize: v.optional(count(1024 * MiB, 'bytes', 64 * 1024), DEFAULT_PARALLEL_READS.partSize),
});

const TAKES = 'takes false, a number of connections from 2 to 16, or a table with the fields connections, partSize';

const parallelReadsScalar = v.union(
  [
    v.literal(false),
    v.pipe(
      connections,
      v.transform((number) => ({ ...DEFAULT_PARALLEL_READS, connections: number })),
    ),
  ],
  TAKES,
);

/** Whether an object is read through several connections. By default, and with `false`, through one. */
export const parallelReads: v.GenericSchema<ParallelReadsInput, ParallelReads> = v.lazy((input) =>
  typeof input === 'object' && input !== null && !Array.isArray(input) ? parallelReadsTable : parallelReadsScalar,
);

type ParallelReadsInput =
  | false
  | number
  | { readonly connections?: number | undefined; readonly partSize?: number | undefined };

/** The setting with its defaults filled in. */
export type ParallelReads = false | { readonly connections: number; readonly partSize: number };

/** Of the 6 connections that a request has on Workers, the cache takes one to look up a block and one to keep it. */
export const WORKERS_PARALLEL_READS = 4;

/**
 * @param setting as it was checked
 * @param most connections that the platform allows; `undefined` where it has no limit of its own
 * @param where put before the names of fields
 * @throws SettingsError for more connections than the platform allows
 */
export function assertParallelReads(setting: ParallelReads | undefined, most: number | undefined, where = ''): void {
  if (setting === undefined || setting === false || most === undefined || setting.connections <= most) return;
  throw settingsError(
    `${where}parallelReads: takes ${most} connections at the most on this platform, not ${setting.connections}, ` +
      'since a request has 6 in all, and the cache needs 2 of them',
  );
}
