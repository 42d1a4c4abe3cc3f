import type { LogEntry } from '../observe/log.ts';
import { printable } from '../observe/printable.ts';
import { formatBytes } from './progress.ts';
import { usageError } from './usage.ts';

/** The form of log lines: JSON, lines for people, or none. */
export type LogFormat = (typeof FORMATS)[number];

const FORMATS = ['json', 'pretty', 'off'] as const;

/** The variable that tells a worker process whether the primary process prints to a terminal. */
export const TERMINAL = 'RANGEWAY_TERMINAL';

/** Returns whether the log is read on a terminal. */
export function isTerminal(): boolean {
  const inherited = process.env[TERMINAL];
  return inherited === undefined ? process.stdout.isTTY : inherited === '1';
}

/**
 * Reads the option `--log`. By default `pretty` on a terminal, else `json`.
 *
 * @throws UsageError if it is none of the formats
 */
export function parseLogFormat(text: string | undefined, isOnTerminal: boolean): LogFormat {
  if (text === undefined) return isOnTerminal ? 'pretty' : 'json';
  const format = FORMATS.find((one) => one === text);
  if (format === undefined) throw usageError(`--log takes json, pretty or off, not "${text}"`);
  return format;
}

/** The fields of an entry that a line for people shows. */
type ShownEntry = Pick<
  LogEntry,
  'time' | 'method' | 'mount' | 'key' | 'status' | 'range' | 'bytesSent' | 'durationMs' | 'outcome' | 'client' | 'error'
>;

/**
 * Makes the function that prints an entry as a line for people: time, status, duration, bytes, method, path, and the
 * range, the client and the error if there are any. Characters that break lines or control a terminal are escaped.
 *
 * @param isOnTerminal whether the status is coloured, unless `NO_COLOR` is set (no-color.org)
 */
export function prettyLines(isOnTerminal: boolean): (entry: ShownEntry) => string {
  const { NO_COLOR: noColor = '' } = process.env;
  const hasColours = isOnTerminal && noColor === '';
  return (entry) => {
    const { time, method, status, range, bytesSent, durationMs, outcome, client, error } = entry;
    const colour = hasColours ? COLOURS[Math.floor(status / 100)] : undefined;
    const parts = [
      new Date(time).toTimeString().slice(0, 8),
      colour === undefined ? String(status) : `\u001b[${colour}m${status}\u001b[0m`,
      `${durationMs} ms`.padStart(8),
      (bytesSent === null ? '?' : formatBytes(bytesSent)).padStart(8),
      oneLine(method),
      oneLine(pathOf(entry)),
      ...(range === null ? [] : [`[${oneLine(range)}]`]),
      ...(client === undefined ? [] : [oneLine(client)]),
      ...(outcome === 'complete' ? [] : [outcome]),
      ...(error === undefined ? [] : [`(${oneLine(error)})`]),
    ];
    return parts.join(' ');
  };
}

/** The colours of a terminal for the classes of statuses. */
const COLOURS: Readonly<Record<number, number>> = { 2: 32, 3: 36, 4: 33, 5: 31 };

/** The path of the object below the host of its mount, decoded. */
function pathOf({ mount = '', key }: ShownEntry): string {
  if (key === null) return '-';
  return `${mount.replace(/\/$/, '')}/${key}`;
}

/** Escapes all characters that break a line, control a terminal or are invisible. */
function oneLine(text: string): string {
  return printable(text).replaceAll('\n', '\\u000a');
}

/**
 * Makes the function that prints the console of a Worker, whose log entries are lines of JSON. Other lines are passed on
 * as they are.
 *
 * @param print receives the lines
 */
export function consoleLines(format: LogFormat, print: (line: string) => void): (line: string) => void {
  if (format === 'json') return print;
  const pretty = prettyLines(isTerminal());
  return (line) => {
    const entry = parseEntry(line);
    if (entry === undefined) print(line);
    else if (format === 'pretty') print(pretty(entry));
  };
}

/** Returns the log entry that a line of JSON contains, or `undefined` for any other line. */
function parseEntry(line: string): ShownEntry | undefined {
  if (!line.startsWith('{"time":')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return isEntry(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isEntry(value: unknown): value is ShownEntry {
  if (typeof value !== 'object' || value === null) return false;
  const fields: { readonly [Name in keyof LogEntry]?: unknown } = value;
  const { requestId, time, method, mount, key, status, range, bytesSent, durationMs, client, error } = fields;
  return (
    [requestId, time, method, fields.outcome].every((one) => typeof one === 'string') &&
    [status, durationMs].every((one) => typeof one === 'number') &&
    [key, range].every((one) => one === null || typeof one === 'string') &&
    [mount, client, error].every((one) => one === undefined || typeof one === 'string') &&
    (bytesSent === null || typeof bytesSent === 'number')
  );
}
