import type { KeyedFile } from './files.ts';
import type { LocalBucket } from './local-bucket.ts';
import type { Progress } from '../progress.ts';

/** Concurrent uploads. Several hide the round trips; more gain nothing on one disk. */
const UPLOADS = 4;

/** The numbers of objects that were uploaded, left as they were, and removed. */
export interface Filled {
  readonly uploaded: number;
  readonly unchanged: number;
  readonly removed: number;
}

/** Called with the files that are about to be uploaded. */
export type ReportUploads = (files: readonly KeyedFile[]) => Progress | undefined;

/**
 * Uploads the files that are new or changed, and removes objects that an earlier run uploaded from files that no longer
 * exist. Objects that were put there by other means stay.
 *
 * @throws Error of the bucket, or of a file that can't be read, after all other uploads have ended
 */
export async function fill(bucket: LocalBucket, files: readonly KeyedFile[], report: ReportUploads): Promise<Filled> {
  const listed = await bucket.list();
  const marks = new Map(listed.map(({ key, mark }) => [key, mark]));
  const due = files.filter(({ key, mark }) => marks.get(key) !== mark);
  const keys = new Set(files.map(({ key }) => key));
  const stale = listed.filter(({ key, mark }) => mark !== null && !keys.has(key));
  for (const { key } of stale) await bucket.delete(key);
  if (due.length > 0) await upload(bucket, due, report(due));
  return { uploaded: due.length, unchanged: files.length - due.length, removed: stale.length };
}

async function upload(bucket: LocalBucket, files: readonly KeyedFile[], progress: Progress | undefined): Promise<void> {
  const queue = files.values();
  const work = async () => {
    for (const file of queue) {
      await bucket.put(file.key, file, (count) => progress?.onBytes(count));
      progress?.onFile();
    }
  };
  const results = await Promise.allSettled(Array.from({ length: UPLOADS }, work));
  progress?.end();
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
