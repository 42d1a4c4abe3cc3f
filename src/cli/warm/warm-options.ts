import { WARM_COMMAND } from '../commands.ts';
import { parseGatewayUrl } from '../object-address.ts';
import { parseCommandLine, parseFolder } from '../options.ts';
import { parseRequestFields } from '../request-fields.ts';
import { parseS3Source, type ParsedSource } from '../s3-options.ts';
import { usageError } from '../usage.ts';
import type { WarmRead } from './warm-object.ts';

/** Where the keys are read from. */
export type KeyOrigin =
  | { readonly type: 'file'; readonly file: string }
  | { readonly type: 'folder'; readonly folder: string; readonly prefix: string }
  | { readonly type: 'bucket'; readonly source: ParsedSource; readonly prefix: string };

/** A parsed command line of `warm`. */
export interface WarmOptions {
  readonly base: string;
  readonly origin: KeyOrigin;
  readonly read: WarmRead;
  /** Requests a second. */
  readonly rate: number;
  readonly concurrency: number;
  readonly fields: Readonly<Record<string, string>>;
}

const RATE = 50;
const CONCURRENCY = 8;
const BLOCK_SIZE = 8 * 1024 * 1024;

/** Each of them is a connection. */
const MAX_CONCURRENCY = 256;

const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['KiB', 1024],
  ['MiB', 1024 ** 2],
  ['GiB', 1024 ** 3],
  ['KB', 1000],
  ['MB', 1000 ** 2],
  ['GB', 1000 ** 3],
]);

/** Fields that the requests need for themselves. */
const OWN_FIELDS = ['accept-encoding', 'host', 'if-range', 'range'];

/**
 * Reads the command line of `warm`.
 *
 * @throws UsageError for a value that can't be used, or options that do not go together
 */
export function parseWarmOptions(args: readonly string[]): WarmOptions {
  const { texts, lists, flags, operands } = parseCommandLine(args, WARM_COMMAND);
  const source = parseS3Source(texts, flags.has('path-style'));
  return {
    base: parseGatewayUrl('warm', texts.url),
    origin: parseOrigin(operands, texts['input-file'], texts.dir, source),
    read: parseRead(texts.read ?? 'first', texts['block-size']),
    rate: parseRate(texts.rate),
    concurrency: parseConcurrency(texts.concurrency),
    fields: { 'user-agent': 'rangeway-warm', ...parseRequestFields(lists.header ?? [], OWN_FIELDS) },
  };
}

function parseOrigin(
  [prefix, stray]: readonly string[],
  file: string | undefined,
  dir: string | undefined,
  source: ParsedSource | undefined,
): KeyOrigin {
  if (stray !== undefined) throw usageError('warm takes one prefix; one with spaces takes quotes around it');
  const given = [file, dir, source].filter((one) => one !== undefined);
  if (given.length === 0)
    throw usageError(
      'warm needs keys: --input-file FILE has them, or --s3 BUCKET or --dir DIR lists those below a prefix: a gateway lists none',
    );
  if (given.length > 1) throw usageError('--input-file, --dir and --s3 are three lists of keys; take one of them');
  if (file !== undefined) {
    if (prefix !== undefined) throw usageError('a prefix goes with --s3 or --dir; --input-file names each key');
    return { type: 'file', file };
  }
  // `/a/`, as in an address, is the prefix `a/`.
  const below = (prefix ?? '').replace(/^\//, '');
  if (source !== undefined) return { type: 'bucket', source, prefix: below };
  return { type: 'folder', folder: parseFolder(dir ?? ''), prefix: below };
}

function parseRead(read: string, blockSize: string | undefined): WarmRead {
  if (read === 'blocks') return { type: 'blocks', size: blockSize === undefined ? BLOCK_SIZE : parseSize(blockSize) };
  if (blockSize !== undefined) throw usageError('--block-size goes with --read blocks');
  if (read === 'first' || read === 'whole') return { type: read };
  throw usageError(`--read takes first, whole or blocks, not "${read}"`);
}

function parseSize(text: string): number {
  const [, digits, unit = ''] = /^(\d{1,12})([KMG]i?B)?$/.exec(text) ?? [];
  const size = Number(digits) * (UNITS.get(unit) ?? Number.NaN);
  if (Number.isSafeInteger(size) && size >= 1024) return size;
  throw usageError(`--block-size takes a size such as 8MiB, at least 1KiB, not "${text}"`);
}

function parseRate(text: string | undefined): number {
  if (text === undefined) return RATE;
  const rate = /^\d{1,5}(?:\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (rate > 0 && rate <= 10_000) return rate;
  throw usageError(`--rate takes requests a second, such as 50 or 0.5, up to 10000, not "${text}"`);
}

function parseConcurrency(text: string | undefined): number {
  if (text === undefined) return CONCURRENCY;
  const count = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (count >= 1 && count <= MAX_CONCURRENCY) return count;
  throw usageError(`--concurrency takes a number from 1 to ${MAX_CONCURRENCY}, not "${text}"`);
}
