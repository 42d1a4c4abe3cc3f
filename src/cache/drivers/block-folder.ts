import { readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';

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
const TEMPORARY = /^[0-9a-f]{64}\.[0-9a-f-]{36}\.tmp$/;

/** Nobody writes one block for so long: whoever began is gone, and if not, its put fails and nothing else. */
const LEFTOVER_MS = 60_000;

/**
 * Lists the blocks below a folder and removes what processes that crashed left there. Other files it leaves alone.
 * One call of the file system at a time: requests go first.
 */
export async function findBlocks(folder: string): Promise<FoundBlock[]> {
  const found: FoundBlock[] = [];
  for (const sub of (await list(folder)).filter((name) => FOLDER.test(name))) {
    for (const name of await list(join(folder, sub))) {
      const path = join(folder, sub, name);
      if (TEMPORARY.test(name)) await removeLeftover(path);
      if (!BLOCK.test(name) || !name.startsWith(sub)) continue;
      const stats = await state(path);
      if (stats?.isFile() === true)
        found.push({ digest: name, size: stats.size, used: Math.max(stats.atimeMs, stats.mtimeMs) });
    }
  }
  return found;
}

async function removeLeftover(path: string): Promise<void> {
  const stats = await state(path);
  if (stats !== undefined && Date.now() - stats.mtimeMs > LEFTOVER_MS) await unlink(path).catch(() => undefined);
}

function list(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

function state(path: string) {
  return stat(path).catch(() => undefined);
}
