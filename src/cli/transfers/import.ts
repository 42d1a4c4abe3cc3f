import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { errorCode } from '../../base/error-code.ts';
import { explainFileError } from '../file-error.ts';
import { plural } from '../progress.ts';
import { say } from '../say.ts';
import { usageError } from '../usage.ts';
import { adminApi, type AdminApi } from './admin-api.ts';
import { cloudflareLog, cloudFrontLog, type LoggedRequest, type LogReader } from './cdn-logs.ts';

/** Lines that are sent together. */
const BATCH = 1_000;

const FORMATS: Readonly<Record<string, () => LogReader>> = { cloudfront: cloudFrontLog, cloudflare: cloudflareLog };

/** Options of {@link importLogs}. */
export interface ImportOptions {
  /** `cloudfront` or `cloudflare`. */
  readonly format: string | undefined;
  /** The address of the gateway. */
  readonly url: string | undefined;
  /** Whether requests count whose bytes the CDN got from the gateway, because the gateway does not know their readers. */
  readonly hasMisses: boolean;
}

/** Counts of one import. */
interface Sums {
  imported: number;
  skipped: number;
}

/**
 * Runs `rangeway transfers import FILE…`: requests that a CDN has answered from its cache count in the gateway like its
 * own. A file that is imported again changes nothing.
 *
 * @throws UsageError for a file, a format, an address or a token that can't be used
 * @throws Error if the gateway can't be reached or refuses
 */
export async function importLogs(files: readonly string[], { format, url, hasMisses }: ImportOptions): Promise<void> {
  const open = Object.hasOwn(FORMATS, format ?? '') ? FORMATS[format ?? ''] : undefined;
  if (open === undefined) throw usageError('import takes --format cloudfront or --format cloudflare');
  if (files.length === 0)
    throw usageError('import takes files: rangeway transfers import FILE… --format cloudfront --url URL');
  const api = adminApi(url);
  for (const file of files) {
    const sums = { imported: 0, skipped: 0 };
    await importFile(file, open(), hasMisses, api, sums);
    const skipped = sums.skipped === 0 ? '' : `, ${sums.skipped} of other versions or of no object`;
    say(`${file}: ${plural(sums.imported, 'request')} of objects${skipped}`);
  }
}

async function importFile(file: string, read: LogReader, hasMisses: boolean, api: AdminApi, sums: Sums): Promise<void> {
  let lines: string[] = [];
  const send = async () => {
    // The lines name the batch, so that a file is the same one under another name, and packed or not.
    const batch = createHash('sha256')
      .update(`${hasMisses}\n${lines.join('\n')}`)
      .digest('hex');
    const requests = lines
      .map((line) => read(line))
      .flatMap((found) => (isCounted(found, hasMisses) ? [found.request] : []));
    lines = [];
    if (requests.length === 0) return;
    await sendBatch(api, batch, requests, sums);
  };
  try {
    for await (const line of linesOf(file)) {
      lines.push(line);
      if (lines.length >= BATCH) await send();
    }
  } catch (error) {
    if (errorCode(error) !== undefined) throw usageError(`${file}: ${explainFileError(error)}`, error);
    throw error;
  }
  await send();
}

function isCounted(line: ReturnType<LogReader>, hasMisses: boolean): line is Exclude<ReturnType<LogReader>, undefined> {
  return line !== undefined && (hasMisses || line.isFromCache);
}

async function sendBatch(api: AdminApi, batch: string, requests: readonly LoggedRequest[], sums: Sums): Promise<void> {
  const init = { method: 'POST', headers: { 'Content-Type': 'application/json' } };
  const response = await api.send('transfers/import', { ...init, body: JSON.stringify({ batch, requests }) });
  const { imported, skipped } = Object(await response.json());
  sums.imported += Number(imported);
  sums.skipped += Number(skipped);
}

/** Reads a file line by line, unpacked if it is packed by gzip. */
async function* linesOf(file: string): AsyncIterable<string> {
  const isPacked = await startsWithGzip(file);
  const source = createReadStream(file);
  const input = isPacked ? pipeline(source, createGunzip(), () => undefined) : source;
  let rest = '';
  for await (const text of input.setEncoding('utf8')) {
    const lines = `${rest}${String(text)}`.split(/\r?\n/);
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

async function startsWithGzip(file: string): Promise<boolean> {
  for await (const chunk of createReadStream(file, { end: 1 })) {
    const bytes = Buffer.from(chunk);
    return bytes[0] === 0x1f && bytes[1] === 0x8b;
  }
  return false;
}
