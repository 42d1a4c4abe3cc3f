import { styleText } from 'node:util';
import { printable } from '../../platform/node/line-log.ts';
import type { NamedFinding } from './checks.ts';
import type { Conclusion } from './conclusion.ts';
import type { Level } from './evidence.ts';

/** The result of a check: all verdicts, or the reason why there are none. */
export type CheckReport =
  | {
      readonly type: 'checked';
      readonly requests: number;
      readonly findings: readonly NamedFinding[];
      readonly conclusion: Conclusion;
    }
  | { readonly type: 'failed'; readonly reason: string };

/** How a report is printed. */
export interface ReportStyle {
  /** Whether the terminal shows more than ASCII. */
  readonly isUnicode: boolean;
  /** Colours are left out if this stream is no terminal, and by NO_COLOR. */
  readonly stream: NodeJS.WritableStream;
}

const MARKS: Readonly<Record<Level, { unicode: string; ascii: string; colour: 'green' | 'yellow' | 'red' }>> = {
  ok: { unicode: '✓', ascii: '+', colour: 'green' },
  warning: { unicode: '!', ascii: '!', colour: 'yellow' },
  fault: { unicode: '✗', ascii: 'x', colour: 'red' },
};

/** Prints the verdicts, a line each, and the conclusion in a last line. Control characters are escaped. */
export function printReport(
  findings: readonly NamedFinding[],
  { sentence, isResumable }: Conclusion,
  { isUnicode, stream }: ReportStyle,
): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const mark = (level: Level) => {
    const { unicode, ascii, colour } = MARKS[level];
    return styleText(colour, isUnicode ? unicode : ascii, { stream });
  };
  const lines = findings.map(({ name, level, seen, means }) => {
    const text = printable(`${name.padEnd(width)}  ${seen}: ${means}`);
    return `${mark(level)} ${isUnicode ? text : text.replaceAll('…', '...')}`;
  });
  return `${lines.join('\n')}\n\n${mark(isResumable ? 'ok' : 'fault')} ${styleText('bold', sentence, { stream })}\n`;
}

/**
 * Prints a report as JSON, as docs/checking.md describes it.
 *
 * @param address without its secrets
 */
export function printJsonReport(address: string, report: CheckReport): string {
  const value =
    report.type === 'failed'
      ? { address, resumable: false, summary: report.reason, requests: 1, clients: null, checks: [] }
      : {
          address,
          resumable: report.conclusion.isResumable,
          summary: report.conclusion.sentence,
          requests: report.requests,
          clients: report.conclusion.clients,
          checks: report.findings,
        };
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Whether the locale of a process has more than ASCII characters. */
export function isUnicodeLocale(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'];
  if (locale === undefined || locale === '') return process.platform === 'darwin' || env['WT_SESSION'] !== undefined;
  return /utf-?8/i.test(locale);
}
