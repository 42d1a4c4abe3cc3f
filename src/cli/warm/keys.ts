import { createReadStream, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { loadS3 } from '../../platform/s3/load-s3.ts';
import type { S3Source } from '../../platform/s3/s3-storage.ts';
import { isListable } from '../../store/listable-store.ts';
import type { ObjectStore } from '../../store/object-store.ts';
import { listFiles } from '../dev/files.ts';
import { explainFileError } from '../file-error.ts';
import { usageError } from '../usage.ts';

/** Keys of objects, in the order in which they are asked for. */
export interface KeySource {
  readonly keys: AsyncIterable<string>;
  /** The number of keys, if it is known before. */
  readonly total: number | undefined;
}

/**
 * Reads keys from a file, one a line. Empty lines are left out, and a slash at the start, as in an address.
 *
 * @param file `-` for stdin
 * @throws UsageError if the file can't be read
 */
export async function fileKeys(file: string): Promise<KeySource> {
  if (file === '-') return { keys: linesOf(process.stdin), total: undefined };
  try {
    if (statSync(file).isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
    // Read twice, so that a file of any length needs no memory. A pipe can be read once only.
    if (!statSync(file).isFile()) return { keys: linesOf(createReadStream(file)), total: undefined };
    let total = 0;
    for await (const _ of linesOf(createReadStream(file))) total++;
    return { keys: linesOf(createReadStream(file)), total };
  } catch (error) {
    throw usageError(`--input-file ${file}: ${explainFileError(error)}`, error);
  }
}

async function* linesOf(input: NodeJS.ReadableStream): AsyncGenerator<string> {
  let isFirst = true;
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    const text = isFirst ? line.replace(/^\uFEFF/, '') : line;
    isFirst = false;
    const key = text.replace(/^\//, '');
    if (key !== '') yield key;
  }
}

/** Lists the keys of a folder below a prefix, as `serve --dir` serves them. */
export async function folderKeys(folder: string, prefix: string): Promise<KeySource> {
  const keys = (await listFiles(folder)).map(({ key }) => key).filter((key) => key.startsWith(prefix));
  return { keys: toAsync(keys.toSorted()), total: keys.length };
}

async function* toAsync(keys: readonly string[]): AsyncGenerator<string> {
  yield* keys;
}

/**
 * Lists the keys of a bucket below a prefix, as `serve --s3` serves them.
 *
 * @throws SettingsError if the AWS SDK is not installed
 */
export async function bucketKeys(source: S3Source, prefix: string): Promise<KeySource> {
  const { s3Storage } = await loadS3();
  return { keys: listKeys(s3Storage(source), prefix), total: undefined };
}

/** Lists the keys of a store, without those that end in a slash: they are placeholders of folders. */
async function* listKeys(store: ObjectStore, prefix: string): AsyncGenerator<string> {
  if (!isListable(store)) return;
  for (let cursor: string | undefined; ;) {
    const page = await store.list(prefix, { cursor });
    for (const { key } of page.objects) if (key !== '' && !key.endsWith('/')) yield key;
    ({ cursor } = page);
    if (cursor === undefined) return;
  }
}
