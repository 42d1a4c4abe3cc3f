import { parseChecksum, type ReprDigest } from '../../client/repr-digest.ts';
import { isFieldValue } from '../../http/field-value.ts';
import { GET_COMMAND } from '../commands.ts';
import { parseDuration } from '../duration.ts';
import { parseCommandLine } from '../options.ts';
import { usageError } from '../usage.ts';

/** The command line of `get`, checked. */
export interface GetOptions {
  readonly urls: readonly URL[];
  /** A file, a folder or `-`, as it was written. */
  readonly output: string | undefined;
  /** A folder, as it was written. Not beside `output`. */
  readonly folder: string | undefined;
  readonly connections: number;
  readonly checksum: ReprDigest | undefined;
  readonly onChange: 'restart' | 'fail';
  readonly refresh: string | undefined;
  /** Names in lower case. */
  readonly fields: Readonly<Record<string, string>>;
  readonly proxy: string | undefined;
  /** Bytes a second. */
  readonly rateLimit: number | undefined;
  readonly tries: number;
  /** In ms. */
  readonly timeout: number;
  readonly force: boolean;
  readonly verify: boolean;
  readonly unsafeResume: boolean;
  readonly report: 'bar' | 'json' | 'quiet';
}

/**
 * Reads the command line of `get`.
 *
 * @throws UsageError that tells what to write instead
 */
export function parseGetOptions(args: readonly string[]): GetOptions {
  const { texts, flags, lists, operands } = parseCommandLine(args, GET_COMMAND);
  const { output, checksum, refresh, proxy } = texts;
  const urls = operands.map(parseUrl);
  if (urls.length === 0) throw usageError('get needs a URL: rangeway get https://files.example.com/app.iso');
  if (checksum !== undefined && urls.length > 1)
    throw usageError('--checksum is of one file, and there are several URLs');
  if (flags.has('json') && output === '-')
    throw usageError('--json and -o - both write to stdout; get takes one of them');
  const folder = texts['output-dir'];
  if (folder !== undefined && output !== undefined)
    throw usageError('--output and --output-dir exclude each other: get takes one of them');
  return {
    urls,
    output,
    folder,
    connections: parseCount('connections', texts.connections, 8, 64),
    checksum: checksum === undefined ? undefined : toChecksum(checksum),
    onChange: parseOnChange(texts['on-change']),
    refresh,
    fields: { ...parseHeaders(lists.header ?? []), ...parseUser(texts.user) },
    proxy: proxy === undefined ? undefined : parseUrl(proxy).href,
    rateLimit: texts['limit-rate'] === undefined ? undefined : parseRate(texts['limit-rate']),
    tries: parseCount('retry', texts.retry, 10, 1_000_000),
    timeout: texts.timeout === undefined ? 30_000 : parseDuration('timeout', texts.timeout) * 1000,
    force: flags.has('force'),
    verify: !flags.has('no-verify'),
    unsafeResume: flags.has('unsafe-resume'),
    report: flags.has('quiet') ? 'quiet' : flags.has('json') ? 'json' : 'bar',
  };
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  const example = 'such as https://files.example.com/app.iso';
  if (url === null) throw usageError(`"${text}" is no URL; get takes one with its scheme, ${example}`);
  if (!/^https?:$/.test(url.protocol)) throw usageError(`get speaks http and https, and not ${url.protocol} (${text})`);
  // It would be sent as it stands, and shown in messages.
  if (url.username !== '' || url.password !== '') {
    throw usageError('a URL with a user is shown to every user of the machine: use --user USER:VARIABLE');
  }
  return url;
}

function parseCount(option: string, text: string | undefined, byDefault: number, most: number): number {
  if (text === undefined) return byDefault;
  const count = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN;
  if (count >= 1 && count <= most) return count;
  throw usageError(`--${option} takes a number from 1 to ${most}, not "${text}"`);
}

function toChecksum(text: string): ReprDigest {
  const digest = parseChecksum(text);
  if (digest !== undefined) return digest;
  throw usageError('--checksum takes sha-256= and 64 hexadecimal digits, or sha-512= and 128');
}

function parseOnChange(text = 'restart'): 'restart' | 'fail' {
  if (text === 'restart' || text === 'fail') return text;
  throw usageError(`--on-change takes restart or fail, not "${text}"`);
}

/** Fields that the download sends itself. */
const RESERVED: ReadonlySet<string> = new Set(
  'accept-encoding connection content-length host if-match if-none-match if-modified-since if-range if-unmodified-since range transfer-encoding'.split(
    ' ',
  ),
);

function parseHeaders(lines: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    lines.map((line) => {
      const [, name = '', value = ''] = /^([\w!#$%&'*+.^`|~-]+):[ \t]*(.*)$/.exec(line) ?? [];
      // The value is not shown, because it may be a token.
      if (name === '' || !isFieldValue(value)) throw usageError('--header takes a name and a value: "X-Token: abc"');
      if (RESERVED.has(name.toLowerCase())) throw usageError(`--header ${name}: get sends this field itself`);
      return [name.toLowerCase(), value];
    }),
  );
}

/** The password is read from the environment: every user of the machine can read command lines. */
function parseUser(text: string | undefined): Readonly<Record<string, string>> {
  if (text === undefined) return {};
  const [, user, variable = ''] = /^([^:]+):(\w+)$/.exec(text) ?? [];
  if (user === undefined)
    throw usageError('--user takes a name, and the name of the variable with the password: ann:PASSWORD');
  const password = process.env[variable];
  if (password === undefined) throw usageError(`--user ${user}: there is no variable ${variable}`);
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

function parseRate(text: string): number {
  const [, digits, unit = ''] = /^(\d{1,12})([kmg]?)(?:i?b)?$/i.exec(text) ?? [];
  const rate = Number(digits) * (UNITS[unit.toLowerCase()] ?? Number.NaN);
  if (rate > 0) return rate;
  throw usageError(`--limit-rate takes bytes a second, such as 500KiB or 2MiB, not "${text}"`);
}
