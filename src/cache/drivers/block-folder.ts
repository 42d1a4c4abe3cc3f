import { randomUUID } from 'node:crypto';
import { readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../../base/error-code.ts';

/** The file of a block, found in the folder. */
export interface FoundBlock {
  /** The file's name, in hexadecimal. */
  readonly digest: string;
  /** Size of the file, in bytes. */
  readonly size: number;
  /** Time of the last write or read, in ms since the epoch. Most file systems record reads once a day only. */
  readonly usedAt: number;
}

/**
 * Returns the path of a block's file. There are 256 subfolders, because some file systems are slow with large ones.
 *
 * @param digest the file's name, in hexadecimal
 */
export function blockPath(folder: string, digest: string): string {
  return join(folder, digest.slice(0, 2), digest);
}

const FOLDER = /^[0-9a-f]{2}$/;
const BLOCK = /^[0-9a-f]{64}$/;
const TEMPORARY = /^[0-9a-f]{64}\.(\d+)-([0-9a-f-]{36})-\d+\.tmp$/;

/** Identifies this run of the process. The pid can't: in a container, each run has the same pid. */
const RUN = randomUUID();

let temporaryCount = 0;

/** Returns a temporary name for a block's file. It contains the pid and the run, so that a leftover can be detected. */
export function temporaryPath(path: string): string {
  return `${path}.${process.pid}-${RUN}-${temporaryCount++}.tmp`;
}

/** Age at which a temporary file counts as a leftover, in ms. If a slower write exists, only its put fails. */
const LEFTOVER_MS = 60_000;

/**
 * Lists the blocks in a folder and removes the temporary files of crashed processes. Other files are ignored.
 *
 * It makes one file system call at a time, so that requests are not delayed.
 */
export async function findBlocks(folder: string): Promise<FoundBlock[]> {
  const blocks: FoundBlock[] = [];
  for (const subfolder of (await listFolder(folder)).filter((name) => FOLDER.test(name))) {
    for (const name of await listFolder(join(folder, subfolder))) {
      const path = join(folder, subfolder, name);
      const [, pid, run] = TEMPORARY.exec(name) ?? [];
      if (pid !== undefined && run !== RUN) await removeLeftover(path, Number(pid));
      if (!BLOCK.test(name) || !name.startsWith(subfolder)) continue;
      const stats = await statFile(path);
      if (stats?.isFile() === true)
        blocks.push({ digest: name, size: stats.size, usedAt: Math.max(stats.atimeMs, stats.mtimeMs) });
    }
  }
  return blocks;
}

/**
 * Removes a temporary file unless the process that writes it is running: processes may share the folder. The file's age
 * is measured by the wall clock, because it may be older than this process.
 */
async function removeLeftover(path: string, pid: number): Promise<void> {
  const stats = await statFile(path);
  const isOld = stats !== undefined && Math.abs(Date.now() - stats.mtimeMs) > LEFTOVER_MS;
  if (isOld || pid === process.pid || !isAlive(pid)) await unlink(path).catch(() => undefined);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // With any other error, such as EPERM, the process exists.
    return errorCode(error) !== 'ESRCH';
  }
}

function listFolder(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

function statFile(path: string) {
  return stat(path).catch(() => undefined);
}
