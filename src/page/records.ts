import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { Verification } from '../client/verify.ts';

/** A download as the browser remembers it. */
export interface DownloadRecord {
  /** Origin and path of the address. */
  readonly id: string;
  /** The name of the file that is saved. */
  readonly name: string;
  /** The text of the journal; absent if there is none. */
  readonly journal?: string | undefined;
  /** In bytes: of the file, and those that are stored. Shown before the download is resumed. */
  readonly size?: number | undefined;
  readonly written?: number | undefined;
  /** The file that the user has chosen. */
  readonly handle?: FileSystemFileHandle | undefined;
  /** Present if all bytes are stored and verified, and wait to be saved. */
  readonly complete?: { readonly size: number; readonly verification: Verification } | undefined;
}

interface Schema extends DBSchema {
  downloads: { key: string; value: DownloadRecord };
}

let opened: Promise<IDBPDatabase<Schema>> | undefined;

function database(): Promise<IDBPDatabase<Schema>> {
  opened ??= openDB<Schema>('rangeway', 1, {
    upgrade: (db) => void db.createObjectStore('downloads', { keyPath: 'id' }),
    // Another tab deletes the database, or has a newer version of this script.
    blocking: (_current, _next, event) => {
      opened = undefined;
      if (event.target instanceof IDBDatabase) event.target.close();
    },
    terminated: () => (opened = undefined),
  });
  opened.catch(() => (opened = undefined));
  return opened;
}

/** Names a download: by origin and path, so that a fresh signature of the same file continues it. */
export function recordId(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/** Finds the record of a download. */
export async function findRecord(id: string): Promise<DownloadRecord | undefined> {
  return (await database()).get('downloads', id);
}

/** Changes the record of a download. The change is durable when the promise resolves. */
export async function changeRecord(id: string, change: Partial<Omit<DownloadRecord, 'id'>>): Promise<void> {
  const transaction = (await database()).transaction('downloads', 'readwrite', { durability: 'strict' });
  const before = await transaction.store.get(id);
  await transaction.store.put({ name: '', ...before, ...change, id });
  await transaction.done;
}

/** Forgets a download. */
export async function removeRecord(id: string): Promise<void> {
  await (await database()).delete('downloads', id);
}
