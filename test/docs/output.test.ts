import { describe, expect, test } from 'vitest';
import { commandsOf, type Command } from './blocks.ts';
import { differences, logDifferences, shownCode } from './output.ts';

const page = (text: string) => commandsOf({ path: 'page.md', text });
const curl = (remark: string): Command => ({
  place: 'page.md:1',
  text: 'curl -s -D- "$U"',
  isInline: false,
  remark,
  shown: [],
  index: 0,
});

test('the commands of a page: lines of blocks with what they show, and code in sentences', () => {
  const text = [
    'Run `npm test`, not `src/index.ts`.',
    '```sh',
    'npm ci && npm start     # all',
    'printf a |',
    '  tr a b',
    '# b',
    '```',
    '```console',
    '$ curl -O http://h/a',
    'curl: (28) Operation timed out',
    '```',
    '',
  ].join('\n');
  expect(page(text).map((one) => [one.place, one.text, one.remark, one.shown])).toEqual([
    ['page.md:1', 'npm test', '', []],
    ['page.md:3', 'npm ci', 'all', []],
    ['page.md:3', 'npm start', 'all', []],
    ['page.md:4', 'printf a |\n  tr a b', '', ['b']],
    ['page.md:9', 'curl -O http://h/a', '', ['curl: (28) Operation timed out']],
  ]);
  expect(page(text).map(shownCode)).toEqual([0, 0, 0, 0, 28]);
});

describe('the output of a command is compared with its page', () => {
  const output = 'HTTP/1.1 206 Partial Content\r\nETag: "a"\r\nContent-Range: bytes 0-99/500\r\n';

  test('by the status and the fields that its remark names', () => {
    expect(differences(curl('206, ETag, Content-Range: bytes 0-99/…'), output)).toEqual([]);
    expect(differences(curl('200, ETag'), output)).toEqual(['no status 200']);
    expect(differences(curl('206, Accept-Ranges: bytes'), output)).toEqual(['no field Accept-Ranges: bytes']);
    expect(differences(curl('206, Content-Range: bytes 5-99/…'), output)).toHaveLength(1);
  });

  test('by the lines that it shows: numbers may differ, words and sums may not', () => {
    const command = { ...curl(''), shown: ['Cache-Status: Rangeway; hit; ttl=30'] };
    expect(differences(command, 'Cache-Status: Rangeway; hit; ttl=7\r\n')).toEqual([]);
    expect(differences(command, 'Cache-Status: Rangeway; fwd=miss; ttl=7\r\n')).toHaveLength(1);
    const sum = { ...curl(''), shown: [`${'0123456789abcdef'.repeat(4)}  a`] };
    expect(differences(sum, `${'0123456789abcdef'.repeat(4)}  a\n`)).toEqual([]);
    expect(differences(sum, `${'1123456789abcdef'.repeat(4)}  a\n`)).toHaveLength(1);
  });

  test('by the lines of a log', () => {
    const log = 'rangeway: served\n{"key":"a","status":206,"bytesSent":null,"range":"bytes=5-"}\n';
    expect(logDifferences('{"key":"a","status":206,"bytesSent":null,"range":"bytes=123-"}\n', log)).toEqual([]);
    expect(logDifferences('{"key":"a","status":206,"bytesSent":7}\n', log)).toHaveLength(1);
    expect(logDifferences('{"key":"a","status":206,"bytes":null}\n', log)).toHaveLength(1);
    expect(logDifferences('{"key":"a","status":200}\n', log)).toHaveLength(1);
  });
});
