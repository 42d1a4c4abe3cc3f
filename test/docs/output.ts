import type { Command } from './blocks.ts';

/** A line of output as a page shows it, as a pattern: numbers differ from run to run, sums and header fields do not. */
function patternOf(line: string): RegExp {
  const parts = line.split(/(\b[0-9a-f]{32,}\b|\d+)/);
  return new RegExp(
    parts.map((part, i) => (i % 2 === 1 && part.length < 32 ? String.raw`\d+` : escaped(part))).join(''),
  );
}

/** A text as the pattern that matches it alone. */
function escaped(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
}

/** The exit code that a page shows: curl prints its own. */
export function shownCode({ shown }: Command): number {
  const [, code = '0'] = /^curl: \((\d+)\)/m.exec(shown.join('\n')) ?? [];
  return Number(code);
}

/** Header fields in a remark: `ETag`, `Content-Range: bytes 0-99/…`. */
const FIELD = /^(?:ETag|[A-Z][a-z]+(?:-[A-Z][a-z]+)+)(?:: .*)?$/;

/** Compares the output of a command with the page: lines that it shows, and status and fields that its remark names. */
export function differences({ text, shown, remark }: Command, output: string): readonly string[] {
  const missing = shown.filter((line) => !patternOf(line).test(output)).map((line) => `no line like: ${line}`);
  if (!/(?:^|; )curl /.test(text)) return missing;
  const [, status] = /^(\d{3})\b/.exec(remark) ?? [];
  if (status === undefined) return missing;
  if (!new RegExp(String.raw`^(?:HTTP/[\d.]+ )?${status}\b`, 'm').test(output)) missing.push(`no status ${status}`);
  for (const field of remark.split(', ').filter((part) => FIELD.test(part))) {
    const [name = '', value = ''] = field.split(': ');
    const pattern = `^${name}: ${value.split('…').map(escaped).join('.*')}`;
    if (!new RegExp(pattern, 'im').test(output)) missing.push(`no field ${field}`);
  }
  return missing;
}

/** Compares the lines of a log with those that a page shows: some line has the same fields, and equal texts and statuses. */
export function logDifferences(shown: string, log: string): readonly string[] {
  const entries = log.split('\n').flatMap((line) => (line.startsWith('{') ? [recordOf(line)] : []));
  return shown
    .trimEnd()
    .split('\n')
    .filter((line) => {
      const wanted = Object.entries(recordOf(line));
      return !entries.some((entry) => wanted.every(([name, value]) => isLike(name, value, entry[name])));
    })
    .map((line) => `no line of the log like: ${line}`);
}

function isLike(name: string, shown: unknown, value: unknown): boolean {
  if (typeof shown === 'string') return typeof value === 'string' && patternOf(shown).test(value);
  // A status is 206, and nothing else; bytes and times are other ones on each run.
  return name === 'status' ? shown === value : shown === null ? value === null : typeof shown === typeof value;
}

function recordOf(line: string): Readonly<Record<string, unknown>> {
  return Object(JSON.parse(line));
}
