import { readFileSync } from 'node:fs';
import { parseLinkKeys, signLink, type LinkKey, type LinkKeys, type LinkTerms } from '../platform/links.ts';
import { parseDate, parseDuration } from './duration.ts';
import { explainFileError } from './file-error.ts';
import { SIGN_COMMAND } from './commands.ts';
import { withoutUser } from '../config/urls.ts';
import { parseCommandLine, type CommandLine } from './options.ts';
import { say } from './say.ts';
import { usageError } from './usage.ts';

type Texts = CommandLine<typeof SIGN_COMMAND>['texts'];

/**
 * Runs `rangeway sign`: prints a link to stdout, and to stderr which paths it opens until when.
 *
 * @throws UsageError for an address, a term or a key that can't be used
 */
export async function sign(args: readonly string[]): Promise<void> {
  const { texts, flags, operands } = parseCommandLine(args, SIGN_COMMAND);
  const url = parseAddress(operands);
  const prefix = flags.has('prefix') ? parsePrefix(url) : undefined;
  const terms = parseTerms(texts, prefix, Math.floor(Date.now() / 1000));
  const link = await makeLink(url, terms, chooseKey(readKeys(texts.keys), texts['key-id']));
  process.stdout.write(`${link}\n`);
  const opened = prefix === undefined ? url.pathname : `every file below ${prefix}`;
  const until = `${new Date(terms.expires * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  say(`opens ${opened} until ${until}; a download that is continued after that gets 403 and needs a new link`);
}

function parseAddress(operands: readonly string[]): URL {
  const [address, stray] = operands;
  if (address === undefined) {
    throw usageError('sign needs an address: rangeway sign https://files.example.com/a.bin --expires 2h');
  }
  if (stray !== undefined) throw usageError('sign takes one address; one with spaces or & takes quotes around it');
  if (!/^https?:\/\/[^/]/.test(address) || !URL.canParse(address)) {
    throw usageError(
      `sign takes a whole address such as https://files.example.com/a.bin, not "${withoutUser(address)}"`,
    );
  }
  return new URL(address);
}

/**
 * Decodes the folder of an address. One that can't be decoded is refused later, by `signLink`.
 *
 * @throws UsageError if the address does not end in a slash: its parent folder may hold much more
 */
function parsePrefix({ pathname }: URL): string {
  if (!pathname.endsWith('/')) {
    throw usageError(`--prefix opens a folder, whose address ends in a slash: ${pathname}/ and not ${pathname}`);
  }
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}

function parseTerms(texts: Texts, prefix: string | undefined, now: number): LinkTerms {
  return {
    expires: parseExpires(texts, now),
    notBefore: texts['not-before'] === undefined ? undefined : now + parseDuration('not-before', texts['not-before']),
    prefix,
    clientAddress: texts.ip,
    downloadId: texts.id,
    fileName: texts.filename,
    maxBytesPerSecond: parseCount(texts, 'rate', 'bytes a second, a whole number from 1'),
    maxDownloads: parseCount(texts, 'max-downloads', 'downloads, a whole number from 1'),
    maxBytes: parseCount(texts, 'max-bytes', 'bytes, a whole number from 1', 15),
    maxConnections: parseCount(texts, 'max-connections', 'requests at the same time, a whole number from 1'),
  };
}

type CountOption = 'rate' | 'max-downloads' | 'max-bytes' | 'max-connections';

/** @throws UsageError if the number of an option is not one from 1, or has too many digits */
function parseCount(texts: Texts, name: CountOption, takes: string, digits = 12): number | undefined {
  const text = texts[name];
  if (text === undefined) return undefined;
  if (!/^[1-9]\d*$/.test(text) || text.length > digits) throw usageError(`--${name} takes ${takes}, not "${text}"`);
  return Number(text);
}

/** @returns seconds since 1970 */
function parseExpires({ expires, until }: Texts, now: number): number {
  if (expires !== undefined && until !== undefined) {
    throw usageError('--expires and --until both say when the link ends; sign takes one of them');
  }
  if (expires !== undefined) return now + parseDuration('expires', expires);
  if (until === undefined) {
    throw usageError('sign needs --expires, such as 2h, or --until DATE: as long as the slowest download may take');
  }
  const end = parseDate('until', until);
  if (end <= now) throw usageError(`--until ${until} is in the past`);
  return end;
}

/** Reads the keys from a file or the environment: every user of the machine can read command lines. */
function readKeys(file: string | undefined): LinkKeys {
  const text = file === undefined ? process.env['RANGEWAY_KEYS'] : readText(file);
  if (text === undefined || text === '') {
    throw usageError(
      'sign needs keys: in the variable RANGEWAY_KEYS, or in a file with --keys FILE; rangeway keygen makes one',
    );
  }
  return parseLinkKeys(text);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    // The value is not shown, because it may be a key.
    if (/:[\w-]{20}/.test(file)) throw usageError('--keys takes a file with keys, and not a key itself');
    throw usageError(`--keys ${file}: ${explainFileError(error)}`, error);
  }
}

function chooseKey(keys: LinkKeys, id: string | undefined): LinkKey {
  const key = id === undefined ? keys[0] : keys.find((one) => one.id === id);
  if (key !== undefined) return key;
  throw usageError(`--key-id ${id}: there is no such key; there are ${keys.map((one) => one.id).join(', ')}`);
}

async function makeLink(url: URL, terms: LinkTerms, key: LinkKey): Promise<string> {
  try {
    return await signLink(url, terms, key);
  } catch (error) {
    throw error instanceof RangeError ? usageError(`sign: ${error.message}`, error) : error;
  }
}
