import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { isHidden, type LocalFile } from './local-bucket.ts';

/** A file and the key that it is served under. */
export interface KeyedFile extends LocalFile {
  readonly key: string;
}

/**
 * Every file below a folder, with its relative path as key. As when the folder is served itself, links count where
 * they lead to a file inside; a link to a folder is left out, since it may lead in a circle.
 *
 * @param hidden whether names that begin with a dot count
 */
export async function listFiles(folder: string, hidden = false): Promise<readonly KeyedFile[]> {
  const root = await realpath(folder);
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files: KeyedFile[] = [];
  for (const entry of entries) {
    if (!entry.isFile() && !entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const key = relative(root, path).split(sep).join('/');
    const file = !hidden && isHidden(key) ? undefined : await describeFile(path, key, root, hidden);
    if (file !== undefined) files.push(file);
  }
  return files;
}

/** @returns `undefined` where the path leads out of `root`, to a hidden name unless these count, or to no file */
async function describeFile(path: string, key: string, root: string, hidden: boolean): Promise<KeyedFile | undefined> {
  const target = await realpath(path).catch(() => undefined);
  if (target === undefined || !target.startsWith(root + sep)) return undefined;
  if (!hidden && isHidden(relative(root, target), sep)) return undefined;
  const stats = await stat(target);
  if (!stats.isFile()) return undefined;
  const { ino, size, mtimeMs } = stats;
  return { key, path: target, size, mark: `${ino}-${size}-${mtimeMs}` };
}
