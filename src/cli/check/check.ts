import { withoutUser } from '../../config/urls.ts';
import { CHECK_COMMAND } from '../commands.ts';
import { parseDuration } from '../duration.ts';
import { parseCommandLine } from '../options.ts';
import { redactedAddress } from '../redacted-address.ts';
import { parseRequestFields } from '../request-fields.ts';
import { say } from '../say.ts';
import { usageError } from '../usage.ts';
import { isUnicodeLocale, printJsonReport, printReport } from './report.ts';
import { runCheck } from './run-check.ts';
import { checkClient } from './send-request.ts';

/** The exit code if a download can't be resumed safely; 2 is for a mistake of the caller. */
const EXIT_UNSAFE = 1;

/** The default timeout of a request, in seconds. */
const TIMEOUT = 10;

/** Timers of Node are limited, in seconds. */
const MAX_TIMEOUT = 3600;

/** The time of all requests, in multiples of the timeout of one. */
const TOTAL = 6;

/** The origin of a page, unless the user sends one. */
const PAGE_ORIGIN = 'https://page.example';

/** Fields that the check varies. */
const OWN_FIELDS = [
  'accept-encoding',
  'access-control-request-headers',
  'access-control-request-method',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
];

/**
 * Runs `rangeway check URL`: about twenty requests to an address, a verdict for each rule that a resumed download needs.
 *
 * @throws UsageError for an address, a field or a timeout that can't be used
 */
export async function checkAddress(args: readonly string[]): Promise<void> {
  const { texts, lists, flags, operands } = parseCommandLine(args, CHECK_COMMAND);
  const { address, credentials } = parseAddress(operands);
  const { origin = PAGE_ORIGIN, ...given } = parseRequestFields(lists.header ?? [], OWN_FIELDS);
  const timeout = parseTimeout(texts.timeout) * 1000;
  const fields = { 'user-agent': 'rangeway-check', ...credentials, ...given };
  const client = checkClient({ fields, timeout, total: TOTAL * timeout });
  const report = await runCheck(client, address, origin);
  client.close();
  if (report.type === 'failed' || !report.conclusion.isResumable) process.exitCode = EXIT_UNSAFE;
  if (flags.has('json')) return void process.stdout.write(printJsonReport(redactedAddress(address), report));
  if (report.type === 'failed') return say(`${redactedAddress(address)} can't be checked: ${report.reason}`);
  const style = { isUnicode: isUnicodeLocale(process.env), stream: process.stdout };
  process.stdout.write(printReport(report.findings, report.conclusion, style));
}

function parseTimeout(text: string | undefined): number {
  if (text === undefined) return TIMEOUT;
  const seconds = parseDuration('timeout', text);
  if (seconds > MAX_TIMEOUT) throw usageError(`--timeout takes one hour at the most, not "${text}"`);
  return seconds;
}

function parseAddress([written, stray]: readonly string[]) {
  if (written === undefined) throw usageError('check needs an address: rangeway check https://files.example.com/a.bin');
  if (stray !== undefined) throw usageError('check takes one address; one with & takes quotes around it');
  if (!/^https?:\/\//i.test(written) || !URL.canParse(written)) {
    const shown = withoutUser(written.replace(/[?#].*/s, '?…'));
    throw usageError(`check takes an address such as https://files.example.com/a.bin, not "${shown}"`);
  }
  const address = new URL(written);
  const { username, password } = address;
  address.username = '';
  address.password = '';
  address.hash = '';
  if (username === '' && password === '') return { address, credentials: {} };
  const user = `${decodePercent(username)}:${decodePercent(password)}`;
  return { address, credentials: { authorization: `Basic ${Buffer.from(user).toString('base64')}` } };
}

/** A text with a percent sign that encodes nothing stays as it is. */
function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
