import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { startWorkerd, type Workerd, type WorkerdOptions } from './workerd.ts';
import { listFiles, type KeyedFile } from './files.ts';
import { fill } from './fill.ts';
import { findS3Worker, findWorker } from './find-worker.ts';
import type { LocalBucket } from './local-bucket.ts';
import { formatBytes, plural, progress } from '../progress.ts';
import { isReservedKey } from '../../store/key-rules.ts';
import { indexBuilder } from './index-bucket.ts';
import { watchFolder } from './watch-folder.ts';
import { assertFree, parseCommandLine, parseFolder, parsePort } from '../options.ts';
import { parseS3Source, type ParsedSource } from '../s3-options.ts';
import { sampleFiles } from './samples.ts';
import { DEV_COMMAND } from '../server-commands.ts';
import { consoleLines, isTerminal, parseLogFormat } from '../log-format.ts';
import { explainMistakes } from '../explain-mistakes.ts';
import { readWranglerFile } from '../wrangler-file.ts';
import { untilStopped } from '../until-stopped.ts';
import { openBucket } from '../serve.ts';
import { printAddresses } from '../printed-address.ts';
import { say } from '../say.ts';
import { usageError } from '../usage.ts';

/** The folder in the working directory that keeps the bucket between runs. */
const KEPT = '.rangeway';

/**
 * Runs `rangeway dev`: the Worker of a wrangler.toml in workerd, over a local bucket or over S3, until a signal arrives.
 *
 * @throws UsageError for an option that is wrong, or a port that is taken
 */
export async function dev(args: readonly string[]): Promise<void> {
  const { texts, flags } = parseCommandLine(args, DEV_COMMAND);
  const { host = '127.0.0.1' } = texts;
  const port = parsePort(texts.port);
  const source = parseS3Source(texts, flags.has('path-style'));
  if (source !== undefined && texts.dir !== undefined)
    throw usageError('--dir fills a local bucket; with --s3 there is none');
  const hidden = flags.has('hidden');
  if (hidden && texts.dir === undefined) throw usageError('--hidden goes with --dir DIR');
  const worker = source === undefined ? findWorker(texts.config) : findS3Worker(texts.config);
  const options = {
    ...worker,
    host,
    port,
    onOutput: consoleLines(parseLogFormat(texts.log, isTerminal()), console.log),
  };
  const folder = texts.dir === undefined ? undefined : parseFolder(texts.dir);
  if (port !== 0) await assertFree(host, port);
  const workerd =
    source === undefined
      ? await devBucket({ ...options, persist: resolve(texts.persist ?? bucketFolder(folder)) }, folder, hidden)
      : await devS3(options, source);
  try {
    await untilStopped();
  } finally {
    await workerd.stop();
  }
  process.exit(0);
}

/** Serves a bucket that is filled from a folder, or from samples. The folder is watched. */
async function devBucket(options: WorkerdOptions, folder: string | undefined, hidden: boolean): Promise<Workerd> {
  const list = async () => {
    const listed = await (folder === undefined ? sampleFiles(resolve(KEPT, 'samples')) : listFiles(folder, hidden));
    // Indexes of the folder name other tags than those of the bucket.
    return listed.filter(({ key }) => !isReservedKey(key));
  };
  const files = await list();
  const workerd = await start({ ...options, prepare: (bucket) => fillFrom(bucket, files) });
  process.stderr.write(greeting(workerd.url, files));
  const buildIndexes = indexBuilder(workerd);
  buildIndexes();
  if (folder === undefined) return workerd;
  const unwatch = watchFolder(folder, async () => {
    await refill(workerd.bucket, await list()).catch(tellUnfilled);
    buildIndexes();
  });
  return {
    ...workerd,
    async stop() {
      unwatch();
      await workerd.stop();
    },
  };
}

async function fillFrom(bucket: LocalBucket, files: readonly KeyedFile[]): Promise<void> {
  const { uploaded, unchanged, removed } = await fill(bucket, files, (due) => {
    const total = due.reduce((sum, { size }) => sum + size, 0);
    return progress(process.stderr, 'filling the bucket:', due.length, total);
  });
  say(`${plural(uploaded, 'file')} uploaded, ${unchanged} unchanged, ${removed} removed`);
}

/** Uploads what has changed in the folder since. */
async function refill(bucket: LocalBucket, files: readonly KeyedFile[]): Promise<void> {
  const { uploaded, removed } = await fill(bucket, files, () => undefined);
  if (uploaded + removed > 0) say(`the folder has changed: ${plural(uploaded, 'file')} uploaded, ${removed} removed`);
}

/** A file that is being written may be shorter than it was when its upload began. The next change uploads it again. */
function tellUnfilled(error: unknown): void {
  say(
    `the folder has changed, and not all of it could be uploaded: ${error instanceof Error ? error.message : 'unknown error'}`,
  );
}

/** One bucket a folder: two folders in one bucket would remove the objects of each other. */
function bucketFolder(folder: string | undefined): string {
  if (folder === undefined) return join(KEPT, 'dev', 'samples');
  const id = createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 16);
  return join(KEPT, 'dev', id);
}

async function devS3(options: WorkerdOptions, source: ParsedSource): Promise<Workerd> {
  const variables = s3Variables(source);
  const { name } = await openBucket(source);
  const workerd = await start({ ...options, variables });
  say(`${name} served by workerd at ${printAddresses(workerd.url)}`);
  return workerd;
}

/** Starts workerd. The wrangler.toml is read before, because messages of wrangler and of workerd may show a secret. */
async function start(options: WorkerdOptions): Promise<Workerd> {
  const { source } = await readWranglerFile(relative('', options.config), options.environment);
  return explainMistakes(source, () => startWorkerd({ ...options, listing: 'html' }));
}

/** The variables and secrets of the Worker for S3. Unlike on Node, the SDK in a Worker does not look for credentials. */
function s3Variables({ bucket, prefix, access }: ParsedSource): Record<string, string | boolean> {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_REGION: region } = process.env;
  if (id === undefined || secret === undefined) {
    throw usageError('dev --s3 needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment');
  }
  return {
    S3_BUCKET: bucket,
    S3_PREFIX: prefix,
    S3_ENDPOINT: access.endpoint ?? '',
    S3_REGION: access.region ?? region ?? 'us-east-1',
    S3_PATH_STYLE: access.pathStyle ?? false,
    AWS_ACCESS_KEY_ID: id,
    AWS_SECRET_ACCESS_KEY: secret,
  };
}

function greeting(url: string, files: readonly KeyedFile[]): string {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const [largest] = files.toSorted((a, b) => b.size - a.size);
  const served = `rangeway: ${plural(files.length, 'object')}, ${formatBytes(total)}, served by workerd at ${printAddresses(url)}\n`;
  if (largest === undefined) return `${served}The folder is empty; files that are put into it are served at once.\n`;
  const address = `${url}/${largest.key.split('/').map(encodeURIComponent).join('/')}`;
  return `${served}
Lines to paste:
  curl -o whole.bin ${address}                                # the whole
  curl -m 1 --limit-rate 10M -o cut.bin ${address}; \\
    curl -C - -o cut.bin ${address}; cmp whole.bin cut.bin    # broken off after a second, continued, compared
  curl -r 0-99 ${address} | xxd                               # a range
  curl -r 0-9,-10 ${address} | xxd                            # two ranges, in one multipart answer

Ctrl-C stops it.
`;
}
