import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { isHidden, type LocalFile } from './local-bucket.ts';

/** A file and its key in the bucket. */
export interface KeyedFile extends LocalFile {
  readonly key: string;
}

/**
 * Lists every file below a folder, with its relative path as key. Symbolic links are followed as in `fsStore`: if they
 * lead to a file or a folder inside.
 *
 * @param hidden whether names that begin with a dot are listed
 */
export async function listFiles(folder: string, hidden = false): Promise<readonly KeyedFile[]> {
  const root = await realpath(folder);
  const files: KeyedFile[] = [];
  /** @param above the real paths of the folder and those above it: a link to one of them would form a cycle */
  async function walk(path: string, above: readonly string[]): Promise<void> {
    // A folder that is removed meanwhile has no files.
    const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
    for (const { name } of entries) {
      const entry = join(path, name);
      const target = await resolveInside(entry, root, hidden);
      if (target === undefined) continue;
      if (target.isFolder && isWalked(target.path, above)) await walk(entry, [...above, target.path]);
      if (!target.isFolder) files.push({ key: relative(root, entry).split(sep).join('/'), ...target });
    }
  }
  const walks = new Map<string, number>();
  function isWalked(path: string, above: readonly string[]): boolean {
    const count = walks.get(path) ?? 0;
    walks.set(path, count + 1);
    return count < MAX_LINKS && !above.includes(path);
  }
  await walk(root, [root]);
  return files;
}

/** Links through which one folder is listed: folders that link to each other have more paths than can be listed. */
const MAX_LINKS = 100;

type Target = LocalFile & { readonly isFolder: boolean };

/** @returns `undefined` if the path leads out of `root`, to a hidden name that is not listed, or to a special file */
async function resolveInside(path: string, root: string, hidden: boolean): Promise<Target | undefined> {
  const target = await realpath(path).catch(() => undefined);
  if (target === undefined || !(target === root || target.startsWith(root + sep))) return undefined;
  if (!hidden && [path, target].some((one) => isHidden(relative(root, one), sep))) return undefined;
  const stats = await stat(target).catch(() => undefined);
  if (stats === undefined || !(stats.isFile() || stats.isDirectory())) return undefined;
  const { ino, size, mtimeMs } = stats;
  return { path: target, size, mark: `${ino}-${size}-${mtimeMs}`, isFolder: stats.isDirectory() };
}
