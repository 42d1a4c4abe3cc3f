import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadS3 } from '../../platform/s3/load-s3.ts';
import { OWN_CONFIG, startWorkerd, type Workerd, type WorkerdOptions } from './workerd.ts';
import { listFiles, type KeyedFile } from './files.ts';
import { fill, formatBytes } from './fill.ts';
import { assertFree, parseCommandLine, parseFolder, parsePort } from '../options.ts';
import { parseS3Source, type ParsedSource } from '../s3-options.ts';
import { sampleFiles } from './samples.ts';
import { DEV } from '../commands.ts';
import { untilStopped } from '../until-stopped.ts';
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
  const { texts, flags } = parseCommandLine(args, DEV);
  const { host = '127.0.0.1' } = texts;
  const port = parsePort(texts.port);
  const source = parseS3Source(texts, flags.has('path-style'));
  if (source !== undefined && texts.dir !== undefined)
    throw usageError('--dir fills a local bucket; with --s3 there is none');
  const hidden = flags.has('hidden');
  if (hidden && texts.dir === undefined) throw usageError('--hidden goes with --dir DIR');
  const options = { config: findConfig(texts.config), host, port, onOutput: console.log };
  const folder = texts.dir === undefined ? undefined : parseFolder(texts.dir);
  if (port !== 0) await assertFree(host, port);
  const workerd =
    source === undefined
      ? await devBucket({ ...options, persist: resolve(texts.persist ?? join(KEPT, 'dev')) }, folder, hidden)
      : await devS3(options, source);
  try {
    await untilStopped();
  } finally {
    await workerd.stop();
  }
  process.exit(0);
}

async function devBucket(options: WorkerdOptions, folder: string | undefined, hidden: boolean): Promise<Workerd> {
  const files = folder === undefined ? await sampleFiles(resolve(KEPT, 'samples')) : await listFiles(folder, hidden);
  const workerd = await start(options);
  await fillFrom(workerd, files);
  process.stderr.write(greeting(workerd.url, files));
  return workerd;
}

async function devS3(options: WorkerdOptions, source: ParsedSource): Promise<Workerd> {
  const variables = s3Variables(source);
  // Checks that the SDK is installed: otherwise the bundler fails, and lists each import of it.
  await loadS3();
  const workerd = await start({ ...options, environment: 's3', variables });
  say(`s3://${source.bucket}/${source.prefix} is served by workerd at ${printAddresses(workerd.url)}`);
  return workerd;
}

/** Starts workerd. The message for a mistake in a wrangler.toml leaves out its line, because that may hold a secret. */
async function start(options: WorkerdOptions): Promise<Workerd> {
  try {
    return await startWorkerd(options);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ParseError') throw error;
    throw usageError(`${options.config}: ${error.message}`, error);
  }
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

function findConfig(option: string | undefined): string {
  if (option !== undefined && !existsSync(option)) throw usageError(`--config ${option}: there is no such file`);
  const own = resolve(option ?? 'wrangler.toml');
  return existsSync(own) ? own : OWN_CONFIG;
}

async function fillFrom(workerd: Workerd, files: readonly KeyedFile[]): Promise<void> {
  const report = progressReporter();
  const { uploaded, unchanged, removed } = await fill(workerd.bucket, files, report.show);
  report.end();
  process.stderr.write(`rangeway: ${uploaded} files uploaded, ${unchanged} unchanged, ${removed} removed\n`);
}

/** Reports progress: on a terminal in one line that is overwritten, elsewhere in a new line each time. */
function progressReporter(): { readonly show: (line: string) => void; readonly end: () => void } {
  const { isTTY } = process.stderr;
  return {
    show: (line) => void process.stderr.write(isTTY ? `\r\x1b[Krangeway: ${line}` : `rangeway: ${line}\n`),
    end: () => void (isTTY && process.stderr.write('\r\x1b[K')),
  };
}

function greeting(url: string, files: readonly KeyedFile[]): string {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const [largest] = files.toSorted((a, b) => b.size - a.size);
  const served = `rangeway: ${files.length} objects, ${formatBytes(total)}, are served by workerd at ${url}/\n`;
  if (largest === undefined) return `${served}The folder is empty; put a file into it and start again.\n`;
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
