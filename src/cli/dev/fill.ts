import type { LocalBucket } from './local-bucket.ts';
import type { KeyedFile } from './files.ts';

/** Concurrent uploads. Several hide the round trips; more gain nothing on one disk. */
const UPLOADS = 4;

/** The shortest time between two lines of progress, in ms. */
const PROGRESS_INTERVAL = 500;

/** The numbers of objects that were uploaded, left as they were, and removed. */
export interface Filled {
  readonly uploaded: number;
  readonly unchanged: number;
  readonly removed: number;
}

/**
 * Uploads the files that are new or changed, and removes objects that an earlier run uploaded from files that no longer
 * exist. Objects that were put there by other means stay.
 */
export async function fill(
  bucket: LocalBucket,
  files: readonly KeyedFile[],
  report: (line: string) => void,
): Promise<Filled> {
  const listed = await bucket.list();
  const marks = new Map(listed.map(({ key, mark }) => [key, mark]));
  const due = files.filter(({ key, mark }) => marks.get(key) !== mark);
  const keys = new Set(files.map(({ key }) => key));
  const stale = listed.filter(({ key, mark }) => mark !== null && !keys.has(key));
  for (const { key } of stale) await bucket.delete(key);
  await upload(bucket, due, report);
  return { uploaded: due.length, unchanged: files.length - due.length, removed: stale.length };
}

async function upload(bucket: LocalBucket, files: readonly KeyedFile[], report: (line: string) => void): Promise<void> {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  let bytes = 0;
  let finished = 0;
  let reported = Date.now();
  const onBytes = (count: number) => {
    bytes += count;
    if (Date.now() - reported < PROGRESS_INTERVAL) return;
    reported = Date.now();
    report(`filling the bucket: ${finished} of ${files.length} files, ${formatBytes(bytes)} of ${formatBytes(total)}`);
  };
  const queue = files.values();
  const work = async () => {
    for (const file of queue) {
      await bucket.put(file.key, file, onBytes);
      finished++;
    }
  };
  await Promise.all(Array.from({ length: UPLOADS }, work));
}

/** Prints a number of bytes for people: `64.0 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes === 0 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)} ${units[power]}`;
}
