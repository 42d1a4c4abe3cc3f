import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PIECES_FOLDER } from '../../digests/piece-index.ts';
import type { IndexedStorage } from '../../digests/index-objects.ts';
import { isReservedKey } from '../../store/key-rules.ts';
import { fsStore } from '../../store/drivers/fs/fs-store.ts';
import { listFiles, type KeyedFile } from '../dev/files.ts';

/** Where the indexes of a folder are. */
export interface FolderIndexes {
  /** By default the folder itself. */
  readonly folder?: string | undefined;
  /** By default empty. */
  readonly prefix?: string | undefined;
}

/** An index that is being written. The end of the name keeps it from being taken for one. */
const UNFINISHED = '.new';

/** How long an unfinished index is taken to be written, in ms. An older one was left by a process that was killed. */
const MAX_WRITING = 60_000;

/**
 * Opens a folder whose files get indexes.
 *
 * @param hidden whether names that begin with a dot have indexes
 */
export function indexedFolder(
  folder: string,
  hidden: boolean,
  { folder: target = folder, prefix = '' }: FolderIndexes = {},
): IndexedStorage & { readonly files: () => Promise<readonly KeyedFile[]> } {
  const files = async () => (await listFiles(folder, hidden)).filter(({ key }) => !isReservedKey(key));
  return {
    objects: fsStore(folder, { hidden, reuseMemory: true }),
    indexes: fsStore(target, { hidden: true }),
    indexPrefix: prefix,
    files,
    async *list() {
      yield* await files();
    },
    async *listIndexes() {
      const place = join(target, prefix + PIECES_FOLDER);
      for (const name of await readdir(place).catch(() => [])) {
        if (!name.endsWith(UNFINISHED)) yield prefix + PIECES_FOLDER + name;
        else if (Date.now() - (await stat(join(place, name))).mtimeMs > MAX_WRITING) await rm(join(place, name));
      }
    },
    async put(indexKey, bytes) {
      const path = join(target, indexKey);
      const unfinished = `${path}.${randomUUID()}${UNFINISHED}`;
      await mkdir(dirname(path), { recursive: true });
      try {
        await writeFile(unfinished, bytes);
        await rename(unfinished, path);
      } catch (error) {
        await rm(unfinished, { force: true });
        throw error;
      }
    },
    remove: (indexKey) => rm(join(target, indexKey), { force: true }),
  };
}
