import * as v from 'valibot';
import { settingsError } from '../base/settings-error.ts';
import { DEFAULT_PARALLEL_READS } from '../store/wrappers/with-parallel-reads.ts';
import { count, MiB, table } from './schema.ts';

/** At least 2, because one connection reads no part ahead. At most 16 of the 1,000 that a process on Node has. */
const connections = count(16, 'connections', 2);

const parallelReadsTable = table({
  /** Most connections to the storage for one download; on Workers at most 4. */
  connections: v.optional(connections, DEFAULT_PARALLEL_READS.connections),
  /** Size of a part in bytes. A part is one storage read. */
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

/**
 * Schema of the setting `parallelReads`: read an object through several connections. `false`, the default, means one.
 */
export const parallelReads: v.GenericSchema<ParallelReadsInput, ParallelReads> = v.lazy((input) =>
  typeof input === 'object' && input !== null && !Array.isArray(input) ? parallelReadsTable : parallelReadsScalar,
);

type ParallelReadsInput =
  | false
  | number
  | { readonly connections?: number | undefined; readonly partSize?: number | undefined };

/** The setting with its defaults filled in. */
export type ParallelReads = false | { readonly connections: number; readonly partSize: number };

/** Most connections on Workers: of the 6 of a request, the cache needs one to look up a block and one to store it. */
export const WORKERS_PARALLEL_READS = 4;

/**
 * Checks the setting `parallelReads` against the limit of the platform.
 *
 * @param setting the validated setting
 * @param max connections that the platform allows; `undefined` if it has no limit
 * @param fieldPrefix prefix of field names in the message, such as `mounts.0.`
 * @throws SettingsError if there are more connections than the platform allows
 */
export function assertParallelReads(
  setting: ParallelReads | undefined,
  max: number | undefined,
  fieldPrefix = '',
): void {
  if (setting === undefined || setting === false || max === undefined || setting.connections <= max) return;
  throw settingsError(
    `takes ${max} connections at the most on this platform, not ${setting.connections}, ` +
      'since a request has 6 in all, and the cache needs 2 of them',
    `${fieldPrefix}parallelReads`,
  );
}
