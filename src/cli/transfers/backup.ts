import { existsSync } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { DEFAULT_TRANSFERS_FILE } from '../../config/transfers-config.ts';
import { isTransfersFile } from '../../transfers/drivers/sqlite.ts';
import { formatBytes } from '../progress.ts';
import { say } from '../say.ts';
import { usageError } from '../usage.ts';

/** Pages that are copied at once: all of them, so that a process that writes does not make the copy begin again. */
const ALL_PAGES = 0x7fff_ffff;

/**
 * Runs `rangeway transfers backup FILE`: copies the database of transfers, while a server may write it. The copy has the
 * state of one moment. It appears under its name when it is complete.
 *
 * @param operands the file to write
 * @param file the database, `rangeway-transfers.sqlite` by default
 * @throws UsageError if the database is none of transfers, or the copy exists
 */
export async function backupTransfers(
  operands: readonly string[],
  file: string = DEFAULT_TRANSFERS_FILE,
): Promise<void> {
  const [target, ...others] = operands;
  if (target === undefined || others.length > 0) {
    throw usageError('backup takes the file to write: rangeway transfers backup transfers-backup.sqlite');
  }
  if (!existsSync(file)) throw usageError(`there is no ${file}; --file takes the database of the server`);
  if (existsSync(target)) throw usageError(`${target} exists; a backup replaces no file`);
  const sqlite = await import('node:sqlite');
  const part = `${target}.part`;
  const database = new sqlite.DatabaseSync(file, { readOnly: true, timeout: 10_000 });
  try {
    if (!isTransfersFile(database)) throw usageError(`${file} is no database of transfers`);
    await rm(part, { force: true });
    // Node has it since 22.16.
    if (isFunction(sqlite.backup)) await sqlite.backup(database, part, { rate: ALL_PAGES });
    else database.prepare('VACUUM INTO ?').run(part);
    await rename(part, target);
  } catch (error) {
    await rm(part, { force: true });
    if (error instanceof Error && error.name === 'UsageError') throw error;
    throw usageError(`${file} is not copied: ${error instanceof Error ? error.message : 'it fails'}`, error);
  } finally {
    database.close();
  }
  say(`${target} is a copy of ${file}, ${formatBytes((await stat(target)).size)}`);
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}
