import { Writable } from 'node:stream';
import { WriteStream } from 'node:tty';
import { afterEach, expect, test, vi } from 'vitest';
import { isUnicodeLocale, printJsonReport, printReport } from '../../../src/cli/check/report.ts';
import type { Conclusion } from '../../../src/cli/check/conclusion.ts';
import type { NamedFinding } from '../../../src/cli/check/checks.ts';

const findings: readonly NamedFinding[] = [
  { name: 'range', level: 'ok', seen: '206', means: 'parts can be read' },
  { name: 'cache', level: 'warning', seen: 'X-Cache: \u001b[31mMISS…', means: 'read from the origin' },
  { name: 'if-range-old', level: 'fault', seen: '206', means: 'versions are joined' },
];
const conclusion: Conclusion = {
  isResumable: false,
  clients: { ifRange: false, ifMatch: true, date: false },
  sentence: 'Not safely.',
};

/** A stream that says whether it is a terminal; the depth of its colours is Node's. */
function stream(isTTY: boolean): Writable {
  return Object.assign(new Writable(), { isTTY, getColorDepth: WriteStream.prototype.getColorDepth });
}

afterEach(() => vi.unstubAllEnvs());

test('a line for each check, control characters escaped, and the conclusion', () => {
  expect(printReport(findings, conclusion, { isUnicode: true, stream: stream(false) })).toBe(
    [
      '✓ range         206: parts can be read',
      '! cache         X-Cache: \\u001b[31mMISS…: read from the origin',
      '✗ if-range-old  206: versions are joined',
      '',
      '✗ Not safely.',
      '',
    ].join('\n'),
  );
});

test('in a locale without Unicode, only ASCII is printed', () => {
  const text = printReport(findings, { ...conclusion, isResumable: true }, { isUnicode: false, stream: stream(false) });
  expect(text).toMatch(/^\+ range .*\n! cache .*MISS\.\.\..*\nx if-range-old .*\n\n\+ Not safely\.\n$/);
});

test('on a terminal there are colours, unless NO_COLOR is set', () => {
  for (const name of ['NO_COLOR', 'FORCE_COLOR', 'NODE_DISABLE_COLORS', 'CI', 'TF_BUILD']) vi.stubEnv(name, undefined);
  vi.stubEnv('TERM', 'xterm');
  const style = { isUnicode: true, stream: stream(true) };
  expect(printReport(findings, conclusion, style)).toContain('\u001b[31m✗\u001b[39m');
  vi.stubEnv('NO_COLOR', '1');
  expect(printReport(findings, conclusion, style)).not.toContain('\u001b');
});

test('JSON has the same verdicts, or the reason why there are none', () => {
  const report = { type: 'checked', requests: 21, findings, conclusion } as const;
  expect(JSON.parse(printJsonReport('https://h/a', report))).toEqual({
    address: 'https://h/a',
    resumable: false,
    summary: 'Not safely.',
    requests: 21,
    clients: { ifRange: false, ifMatch: true, date: false },
    checks: findings,
  });
  expect(JSON.parse(printJsonReport('https://h/a', { type: 'failed', reason: 'nothing listens' }))).toEqual({
    address: 'https://h/a',
    resumable: false,
    summary: 'nothing listens',
    requests: 1,
    clients: null,
    checks: [],
  });
});

test.for([
  [{ LANG: 'de_DE.UTF-8' }, true],
  [{ LANG: 'C.utf8' }, true],
  [{ LANG: 'C' }, false],
  [{ LANG: 'de_DE.UTF-8', LC_ALL: 'C' }, false],
  [{ LANG: 'C', LC_CTYPE: 'en_US.UTF-8' }, true],
  [{ LC_ALL: '', LANG: 'en_US.UTF-8' }, true],
] as const)('%o: %s', ([env, expected]) => {
  expect(isUnicodeLocale(env)).toBe(expected);
});
