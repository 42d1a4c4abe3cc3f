import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import {
  download,
  isDownloadError,
  type DownloadOptions,
  type DownloadTarget,
  type Failure,
  type FirstResponse,
  type ReprDigest,
} from '../../client/index.ts';
import { fileTarget, isFinished } from '../../client/sinks/node-file.ts';
import { nodeFetcher } from '../../platform/node/node-fetcher.ts';
import { untilStopped } from '../until-stopped.ts';
import { usageError } from '../usage.ts';
import { nameOf } from './file-name.ts';
import { parseGetOptions, type GetOptions } from './get-options.ts';
import { jsonReport, quietReport, textReport, type Report } from './report.ts';
import { streamSink } from './stdout-sink.ts';

/** The exit code of a failure; 0 is a whole file. docs/get.md lists them. */
const EXIT_CODES: Readonly<Record<Failure['code'], number>> = {
  conflict: 2,
  changed: 3,
  'digest-mismatch': 4,
  'http-status': 5,
  'unusable-response': 5,
  network: 5,
  disk: 6,
  aborted: 130,
};

/** Where the files go. */
type Destination =
  | { readonly type: 'stdout' }
  | { readonly type: 'folder'; readonly folder: string }
  | { readonly type: 'file'; readonly path: string };

/**
 * Runs `rangeway get URL...`: downloads files, one after the other. The exit code is that of the first failure.
 *
 * @throws UsageError for a command line that can't be run
 */
export async function get(args: readonly string[]): Promise<void> {
  const options = parseGetOptions(args);
  const destination = toDestination(options);
  // The objects of a chunk live for as long as its write takes. On a busy machine, V8 gave them up to 128 MiB.
  setFlagsFromString('--semi-space-growth-factor=1');
  const stopped = new AbortController();
  void untilStopped().then(() => stopped.abort());
  const fetcher = nodeFetcher({ timeout: options.timeout, proxy: options.proxy, rateLimit: options.rateLimit });
  try {
    for (const url of options.urls) {
      const code = await getOne(url, destination, options, { fetcher, signal: stopped.signal });
      process.exitCode ||= code;
      if (stopped.signal.aborted) return;
    }
  } finally {
    fetcher.destroy();
  }
}

function toDestination({ folder: wanted, output = wanted ?? '.', urls }: GetOptions): Destination {
  if (output === '-' && wanted === undefined) return { type: 'stdout' };
  const path = resolve(output);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return { type: 'folder', folder: path };
  if (wanted !== undefined) throw usageError(`--output-dir ${wanted}: there is no such folder`);
  if (output.endsWith('/')) throw usageError(`--output ${output}: there is no such folder`);
  if (urls.length > 1) throw usageError(`--output ${output}: for several URLs, it has to be a folder that exists`);
  const folder = statSync(dirname(path), { throwIfNoEntry: false });
  if (folder?.isDirectory() !== true) throw usageError(`--output ${output}: there is no folder ${dirname(path)}`);
  return { type: 'file', path };
}

type Transport = Required<Pick<DownloadOptions, 'fetcher' | 'signal'>>;

/** @returns the exit code */
async function getOne(url: URL, destination: Destination, options: GetOptions, transport: Transport): Promise<number> {
  const report = reportOf(url, options);
  let path: string | undefined;
  let wasFinished = false;

  async function openFile(file: string): Promise<DownloadTarget> {
    path = toShownPath(file);
    report.onName(path);
    wasFinished = await isFinished(file);
    return fileTarget(file, { force: options.force });
  }

  async function targetOf(): Promise<Pick<DownloadOptions, 'sink' | 'journal'>> {
    switch (destination.type) {
      case 'stdout':
        return { sink: streamSink(process.stdout, algorithmsOf(options)) };
      case 'file': {
        const { sink, journal } = await openFile(destination.path);
        return journal === undefined ? { sink } : { sink, journal };
      }
      case 'folder':
        return { sink: ({ fields }: FirstResponse) => openFile(join(destination.folder, nameOf(url, fields))) };
    }
  }

  try {
    const target = await targetOf();
    const result = await download(url, { ...toDownloadOptions(options, report), ...transport, ...target }).done;
    report.onDone(result);
    return 0;
  } catch (error) {
    if (!isDownloadError(error)) throw error;
    const { failure } = error;
    if (wasFinished && failure.code === 'conflict') {
      report.onNote('it was complete already');
      return 0;
    }
    report.onFailure(failure.code, error.message, nextStep(failure, path));
    return EXIT_CODES[failure.code];
  }
}

/** The digests that may be compared: that of the user alone, else each that a server may tell. */
function algorithmsOf({ checksum, verify }: GetOptions): readonly ReprDigest['algorithm'][] {
  if (!verify) return [];
  return checksum === undefined ? ['sha-256', 'sha-512'] : [checksum.algorithm];
}

function reportOf(url: URL, { report }: GetOptions): Report {
  // A query may hold a signature.
  const shown = `${url.origin}${url.pathname}`;
  switch (report) {
    case 'json':
      return jsonReport(process.stdout, shown);
    case 'quiet':
      return quietReport(process.stderr, shown);
    case 'bar':
      return textReport(process.stderr, shown);
  }
}

function toDownloadOptions(options: GetOptions, report: Report): Omit<DownloadOptions, 'sink'> {
  const { checksum, rateLimit, refresh } = options;
  return {
    connections: options.connections,
    onChange: options.onChange,
    tries: options.tries,
    stallTimeout: options.timeout,
    verify: options.verify,
    unsafeResume: options.unsafeResume,
    fields: { 'user-agent': 'rangeway', ...options.fields },
    onProgress: (progress) => report.onProgress(progress),
    ...(checksum === undefined ? {} : { checksum }),
    ...(rateLimit === undefined ? {} : { rateLimit }),
    ...(refresh === undefined ? {} : { refresh: (signal) => runRefresh(refresh, signal) }),
  };
}

/** Prints a path relative to this folder, if it is in it. */
function toShownPath(path: string): string {
  const short = relative('', path);
  return short.startsWith('..') ? path : short;
}

/** Runs the command of `--refresh` in a shell. It prints the address in its first line. */
async function runRefresh(command: string, signal: AbortSignal): Promise<string> {
  const [file, flag] = process.platform === 'win32' ? ['cmd.exe', '/c'] : ['/bin/sh', '-c'];
  const { stdout } = await promisify(execFile)(file, [flag, command], { signal, encoding: 'utf8' });
  return stdout.split('\n')[0]?.trim() ?? '';
}

/** Tells how to go on after a failure. */
function nextStep({ code }: Failure, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  switch (code) {
    case 'conflict':
      return undefined;
    case 'digest-mismatch':
      return 'the same command downloads it again';
    case 'http-status':
      return `the part is kept in ${path}.part; with a fresh address, or --refresh, it goes on`;
    case 'changed':
      return 'with --on-change restart it begins again';
    case 'disk':
    case 'network':
    case 'unusable-response':
    case 'aborted':
      return `the part is kept in ${path}.part, and the same command continues: ${commandLine()}`;
  }
}

/** The command line, to be pasted into a shell. */
function commandLine(): string {
  const quoted = process.argv
    .slice(2)
    .map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`));
  return `rangeway ${quoted.join(' ')}`;
}
