import { randomUUID } from 'node:crypto';
import { readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../../base/error-code.ts';

/** A block's file as it was found. */
export interface FoundBlock {
  /** In hexadecimal: the file's name. */
  readonly digest: string;
  /** Bytes of the file. */
  readonly size: number;
  /** When it was last written or read, in ms, as far as the file system tells: most note one read a day. */
  readonly used: number;
}

/** Where the block with this digest is kept: 256 folders, because some file systems are slow with large ones. */
export function blockPath(folder: string, digest: string): string {
  return join(folder, digest.slice(0, 2), digest);
}

const FOLDER = /^[0-9a-f]{2}$/;
const BLOCK = /^[0-9a-f]{64}$/;
const TEMPORARY = /^[0-9a-f]{64}\.(\d+)-([0-9a-f-]{36})-\d+\.tmp$/;

/** Tells this process from an earlier one with its number, which in a container is always the same. */
const RUN = randomUUID();

let temporaries = 0;

/** A name for a block's file while it is written, which tells later which process was writing it. */
export function temporaryPath(path: string): string {
  return `${path}.${process.pid}-${RUN}-${temporaries++}.tmp`;
}

/** No process takes so long to write one block, in ms. If one does, its put fails and nothing else. */
const LEFTOVER_MS = 60_000;

/**
 * Lists the blocks below a folder and removes what processes that crashed were writing there. Other files it leaves
 * alone.
 * One call of the file system at a time: requests go first.
 */
export async function findBlocks(folder: string): Promise<FoundBlock[]> {
  const found: FoundBlock[] = [];
  for (const sub of (await listFolder(folder)).filter((name) => FOLDER.test(name))) {
    for (const name of await listFolder(join(folder, sub))) {
      const path = join(folder, sub, name);
      const [, pid, run] = TEMPORARY.exec(name) ?? [];
      if (pid !== undefined && run !== RUN) await removeLeftover(path, Number(pid));
      if (!BLOCK.test(name) || !name.startsWith(sub)) continue;
      const stats = await state(path);
      if (stats?.isFile() === true)
        found.push({ digest: name, size: stats.size, used: Math.max(stats.atimeMs, stats.mtimeMs) });
    }
  }
  return found;
}

/** The process that wrote it may share the folder and be at work. Its age outlives processes: the wall clock counts. */
async function removeLeftover(path: string, pid: number): Promise<void> {
  const stats = await state(path);
  const isOld = stats !== undefined && Math.abs(Date.now() - stats.mtimeMs) > LEFTOVER_MS;
  if (isOld || pid === process.pid || !isAlive(pid)) await unlink(path).catch(() => undefined);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Any other error says that there is one, of another user.
    return errorCode(error) !== 'ESRCH';
  }
}

function listFolder(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

function state(path: string) {
  return stat(path).catch(() => undefined);
}
