import { afterEach, expect, test, vi } from 'vitest';
import { parseGetOptions } from '../../../src/cli/get/get-options.ts';

const URL_TEXT = 'https://files.example/a.bin';

afterEach(() => vi.unstubAllEnvs());

test.for([
  [[], 'get needs a URL'],
  [['files.example/a'], 'is no URL'],
  [['ftp://files.example/a'], 'speaks http and https'],
  [['https://ann:secret@files.example/a'], '--user USER:VARIABLE'],
  [[URL_TEXT, '-c', '0'], '--connections takes a number from 1 to 64'],
  [[URL_TEXT, '-c', '65'], '--connections takes a number from 1 to 64'],
  [[URL_TEXT, '-c'], '--connections takes a value'],
  [[URL_TEXT, '--checksum', 'md5=00'], '--checksum takes sha-256='],
  [[URL_TEXT, '--checksum', 'sha-256=00'], '--checksum takes sha-256='],
  [[URL_TEXT, URL_TEXT, '--checksum', `sha-256=${'0'.repeat(64)}`], 'is of one file'],
  [[URL_TEXT, '--on-change', 'ask'], '--on-change takes restart or fail'],
  [[URL_TEXT, '--header', 'no colon'], '--header takes a name and a value'],
  [[URL_TEXT, '--header', 'X: a\r\nY: b'], '--header takes a name and a value'],
  [[URL_TEXT, '--header', 'Range: bytes=0-'], 'get sends this field itself'],
  [[URL_TEXT, '--user', 'ann'], '--user takes a name'],
  [[URL_TEXT, '--user', 'ann:NOT_SET'], 'there is no variable NOT_SET'],
  [[URL_TEXT, '--limit-rate', 'fast'], '--limit-rate takes bytes a second'],
  [[URL_TEXT, '--limit-rate', '0'], '--limit-rate takes bytes a second'],
  [[URL_TEXT, '--timeout', '5'], '--timeout takes a number and a unit'],
  [[URL_TEXT, '--proxy', 'proxy:80'], 'speaks http and https'],
  [[URL_TEXT, '--json', '-o', '-'], 'both write to stdout'],
  [[URL_TEXT, '-o', 'x', '-O', 'y'], 'exclude each other'],
  [[URL_TEXT, '--outptu', 'x'], 'did you mean --output?'],
] as const)('%j is refused', ([args, message]) => {
  expect(() => parseGetOptions(args)).toThrow(message);
});

test('no message shows a value that may be a secret', () => {
  const secret = 'do-not-show-this';
  for (const args of [
    ['--header', `X: ${secret}\n`],
    ['--header', secret],
  ]) {
    expect(() => parseGetOptions([URL_TEXT, ...args])).toThrow(/^(?![^]*do-not-show)/);
  }
});

test('options are read', () => {
  vi.stubEnv('SECRET', 'word');
  const args = ['-o', 'x', '-c', '3', '--header', 'X-A: 1', '--header', 'X-B:2', '--user', 'ann:SECRET', '-q'];
  expect(parseGetOptions([URL_TEXT, ...args, '--limit-rate', '2MiB', '--timeout', '1m', '--retry', '4'])).toMatchObject(
    {
      output: 'x',
      connections: 3,
      fields: { 'x-a': '1', 'x-b': '2', authorization: `Basic ${btoa('ann:word')}` },
      rateLimit: 2 * 1024 * 1024,
      timeout: 60_000,
      tries: 4,
      report: 'quiet',
      verify: true,
      force: false,
    },
  );
});

test('the defaults are those of the help', () => {
  expect(parseGetOptions([URL_TEXT])).toMatchObject({
    connections: 8,
    tries: 10,
    timeout: 30_000,
    onChange: 'restart',
    fields: {},
    report: 'bar',
  });
});
