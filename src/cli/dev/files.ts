import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { isHidden, type LocalFile } from './local-bucket.ts';

/** A file and its key in the bucket. */
export interface KeyedFile extends LocalFile {
  readonly key: string;
}

/**
 * Lists every file below a folder, with its relative path as key. As in `fsStore`, a symbolic link counts if it leads to
 * a file inside. A link to a folder is left out, because it may form a cycle.
 *
 * @param hidden whether names that begin with a dot are listed
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

/** @returns `undefined` if the path leads out of `root`, to a hidden name that is not listed, or not to a file */
async function describeFile(path: string, key: string, root: string, hidden: boolean): Promise<KeyedFile | undefined> {
  const target = await realpath(path).catch(() => undefined);
  if (target === undefined || !target.startsWith(root + sep)) return undefined;
  if (!hidden && isHidden(relative(root, target), sep)) return undefined;
  const stats = await stat(target);
  if (!stats.isFile()) return undefined;
  const { ino, size, mtimeMs } = stats;
  return { key, path: target, size, mark: `${ino}-${size}-${mtimeMs}` };
}
