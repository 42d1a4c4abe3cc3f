import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { formatSeconds, progress, progressLine } from '../../src/cli/progress.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function recorder(isTTY: boolean, columns = 80) {
  const written: string[] = [];
  return { written, output: { isTTY, columns, write: (text: string) => written.push(text) } };
}

test('on a terminal a bar is redrawn five times a second, and removed at the end', () => {
  const { written, output } = recorder(true, 120);
  const bar = progress(output, 'filling:', 2, 1000);
  bar.onBytes(1);
  expect(written).toEqual([]);
  for (let i = 0; i < 4; i++) {
    vi.advanceTimersByTime(100);
    bar.onBytes(125);
  }
  expect(written).toHaveLength(2);
  const bar12 = `[${'='.repeat(12)}${' '.repeat(12)}]`;
  expect(written[1]).toContain(`\r\u001b[Krangeway: ${bar12} filling: 501 bytes of 1000 bytes, 0 of 2 files`);
  bar.end();
  expect(written.at(-1)).toBe('\r\u001b[K');
});

test('elsewhere there is a line every ten seconds', () => {
  const { written, output } = recorder(false);
  const line = progressLine(output, (seconds) => ({ text: `after ${seconds} s`, share: undefined }));
  for (let i = 0; i < 25; i++) {
    vi.advanceTimersByTime(1_000);
    line.update();
  }
  line.end();
  expect(written).toEqual(['rangeway: after 10 s\n', 'rangeway: after 20 s\n']);
});

test('an unknown share has no bar, and a line fits the terminal', () => {
  const { written, output } = recorder(true, 20);
  const line = progressLine(output, () => ({ text: 'x'.repeat(100), share: undefined }));
  vi.advanceTimersByTime(200);
  line.update();
  expect(written).toEqual([`\r\u001b[Krangeway: ${'x'.repeat(9)}`]);
});

test.for([
  [0.2, '1 s'],
  [59, '59 s'],
  [61, '1 min 1 s'],
  [3_725, '62 min 5 s'],
] as const)('%d seconds are %s', ([seconds, text]) => {
  expect(formatSeconds(seconds)).toBe(text);
});
