import { findRecord, type DownloadRecord } from './records.ts';

/** Whether a browser can keep a download, and what it remembers of one. */
export type Support =
  | { readonly type: 'yes'; readonly record: DownloadRecord | undefined }
  | { readonly type: 'no'; readonly reason: string };

const REFUSED = 'This browser refuses storage to this page, as private windows do, so a download cannot be continued.';

/**
 * Finds out whether this browser has all that a resumable download needs, and may use it.
 *
 * @param id of the download's record
 */
export async function findSupport(id: string): Promise<Support> {
  if (!isSecureContext) return no('Resumable downloads need a page over HTTPS.');
  const has = 'locks' in navigator && 'storage' in navigator && 'getDirectory' in navigator.storage;
  if (!has || !('createWritable' in FileSystemFileHandle.prototype)) {
    return no('This browser cannot keep a part of a download. A newer version may.');
  }
  try {
    await navigator.storage.getDirectory();
    return { type: 'yes', record: await findRecord(id) };
  } catch {
    return no(REFUSED);
  }
}

function no(reason: string): Support {
  return { type: 'no', reason };
}

/**
 * Tells in a sentence if the storage of this browser has less room than a download needs.
 *
 * @param bytes that are missing
 */
export async function explainSpace(bytes: number): Promise<string | undefined> {
  const { quota, usage } = await navigator.storage.estimate();
  if (quota === undefined || usage === undefined || quota - usage >= bytes) return undefined;
  return 'The storage of this browser has too little room for this file. Free some space, or use the plain link.';
}
