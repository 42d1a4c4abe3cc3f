import { errorCode } from '../../base/error-code.ts';
import {
  indexObjects,
  pruneIndexes,
  type IndexedStorage,
  type IndexResult,
  type IndexableObject,
} from '../../digests/index-objects.ts';
import { nodeHashing } from '../../platform/node/piece-hashing.ts';
import { loadS3 } from '../../platform/s3/load-s3.ts';
import { isStoreError } from '../../store/store-error.ts';
import { INDEX_COMMAND } from '../commands.ts';
import { formatBytes, plural, progress, type Progress } from '../progress.ts';
import { parseCommandLine, parseFolder } from '../options.ts';
import { parseS3Source, type ParsedSource } from '../s3-options.ts';
import { say } from '../say.ts';
import { usageError } from '../usage.ts';
import { indexedFolder } from './indexed-folder.ts';

/** The exit code if an object has no index, though it should. */
const EXIT_FAILED = 1;

/** Failures that the summary in JSON names. All are printed as they come. */
const MAX_FAILURES = 1_000;

/** The counts of a run, as `--json` prints it. */
interface Summary {
  built: number;
  /** Bytes of the objects whose indexes were built. */
  bytes: number;
  current: number;
  skipped: number;
  removed: number;
  failed: number;
  readonly failures: { readonly key: string; readonly reason: string }[];
}

/**
 * Runs `rangeway index`: builds the piece indexes that are missing in a folder or a bucket.
 *
 * @throws UsageError for an option that is wrong, or a bucket that refuses to be read
 */
export async function buildIndexes(args: readonly string[]): Promise<void> {
  const { texts, flags } = parseCommandLine(args, INDEX_COMMAND);
  const source = parseS3Source(texts, flags.has('path-style'));
  const concurrency = parseConcurrency(texts.concurrency);
  const indexes = { in: texts['pieces-in'], prefix: texts['pieces-prefix'] };
  const storage = await openStorage(texts.dir, source, flags.has('hidden'), indexes);
  const isDry = flags.has('dry-run');
  const summary: Summary = { built: 0, bytes: 0, current: 0, skipped: 0, removed: 0, failed: 0, failures: [] };
  const total = await count(storage);
  const bar = isDry ? undefined : progress(process.stderr, 'indexing:', total.objects, total.bytes);
  await indexObjects(storage, {
    hashing: nodeHashing,
    concurrency,
    isDry,
    onBytes: (bytes) => bar?.onBytes(bytes),
    onResult: (object, result) => record(object, result, summary, bar, isDry),
  });
  bar?.end();
  if (flags.has('prune')) await prune(storage, source?.prefix ?? '', summary, isDry);
  say(summaryText(summary, isDry));
  if (flags.has('json')) process.stdout.write(`${JSON.stringify(summary)}\n`);
  process.exit(summary.failed > 0 ? EXIT_FAILED : 0);
}

async function openStorage(
  dir: string | undefined,
  source: ParsedSource | undefined,
  hidden: boolean,
  indexes: { readonly in: string | undefined; readonly prefix: string | undefined },
): Promise<IndexedStorage> {
  if (dir !== undefined && source !== undefined) throw usageError('--dir and --s3 are two places; index takes one');
  if (dir !== undefined) {
    const folder = indexes.in === undefined ? undefined : parseFolder(indexes.in);
    return indexedFolder(parseFolder(dir), hidden, { folder, prefix: indexes.prefix });
  }
  if (hidden) throw usageError('--hidden goes with --dir DIR; a bucket has no hidden keys');
  if (source === undefined)
    throw usageError('index needs a folder or a bucket: rangeway index --dir DIR, or rangeway index --s3 BUCKET');
  await (await import('../serve.ts')).openBucket(source);
  const { indexedBucket } = await loadS3();
  return indexedBucket(source, { bucket: indexes.in, prefix: indexes.prefix });
}

function parseConcurrency(text = '2'): number {
  const concurrency = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (concurrency < 1 || concurrency > 64) throw usageError(`--concurrency takes a number from 1 to 64, not "${text}"`);
  return concurrency;
}

/** Counts the objects before the run, for the bar. A list is not kept, because it may be of millions. */
async function count(storage: IndexedStorage): Promise<{ readonly objects: number; readonly bytes: number }> {
  let [objects, bytes] = [0, 0];
  for await (const { size } of storage.list()) {
    objects++;
    bytes += size;
  }
  return { objects, bytes };
}

function record(
  { key, size }: IndexableObject,
  result: IndexResult,
  summary: Summary,
  bar: Progress | undefined,
  isDry: boolean,
): void {
  bar?.onFile();
  if (result.type !== 'built') bar?.onSkip(size);
  switch (result.type) {
    case 'built':
      summary.built++;
      summary.bytes += size;
      if (isDry) process.stdout.write(`${JSON.stringify(key)}\n`);
      return;
    case 'current':
      summary.current++;
      return;
    case 'skipped':
      summary.skipped++;
      return say(`${key}: no index, because ${result.reason}`);
    case 'failed':
      return fail(key, result.error, summary);
  }
}

function fail(key: string, error: unknown, summary: Summary): void {
  const reason = reasonOf(error);
  summary.failed++;
  if (summary.failures.length < MAX_FAILURES) summary.failures.push({ key, reason });
  say(`${key}: ${reason}`);
}

/** Says why an object has no index, and what to do where that is known. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it failed';
  const code = errorCode(error) ?? '';
  if (!isStoreError(error)) {
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
      return `no permission to write its index (${code}); the folder .rangeway has to be writable`;
    if (error.name === 'AccessDenied')
      return 'no permission to write its index; it takes s3:PutObject for .rangeway/pieces/*, and s3:DeleteObject to prune';
    return `its index could not be written: ${error.message}`;
  }
  switch (error.code) {
    case 'version-changed':
      return 'it changes while it is read; run index again when it is complete';
    case 'denied':
      return 'no permission to read it';
    case 'archived':
      return 'it is archived, and has to be restored first';
    case 'unavailable':
    case 'throttled':
    case 'invalid-response':
    case 'aborted':
      return `it could not be read: ${error.message}`;
  }
}

async function prune(storage: IndexedStorage, prefix: string, summary: Summary, isDry: boolean): Promise<void> {
  await pruneIndexes(storage, prefix, async (indexKey, key = indexKey) => {
    try {
      if (isDry) process.stdout.write(`${JSON.stringify(indexKey)}\n`);
      else await storage.remove(indexKey);
      summary.removed++;
    } catch (error) {
      fail(key, error, summary);
    }
  });
}

function summaryText({ built, bytes, current, skipped, removed, failed }: Summary, isDry: boolean): string {
  const amount = `${plural(built, 'index', 'indexes')} ${isDry ? 'to build' : 'built'} (${formatBytes(bytes)})`;
  const others = [
    `${current} current`,
    ...(skipped === 0 ? [] : [`${plural(skipped, 'object')} without`]),
    ...(removed === 0 ? [] : [`${removed} ${isDry ? 'to remove' : 'removed'}`]),
    ...(failed === 0 ? [] : [`${failed} failed`]),
  ];
  return `${amount}, ${others.join(', ')}`;
}
