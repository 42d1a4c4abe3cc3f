import { expect, test } from 'vitest';
import { parseParts } from '../../../src/cli/check/multipart-parts.ts';

const parse = (type: string, content: string) =>
  parseParts({
    status: 206,
    fields: new Map([['content-type', type]]),
    body: Buffer.from(content),
    end: 'complete',
  }).map(({ range, bytes }) => [range, Buffer.from(bytes).toString()]);

const part = (range: string, bytes: string) =>
  `--b\r\nContent-Type: text/plain\r\ncontent-range:${range}\r\n\r\n${bytes}\r\n`;
const TWO = [
  ['bytes 0-0/9', 'a'],
  ['bytes 8-8/9', 'i'],
];

test.for([
  ['multipart/byteranges; boundary=b', `${part(' bytes 0-0/9', 'a')}${part('bytes 8-8/9', 'i')}--b--\r\n`, TWO],
  ['multipart/byteranges; boundary="b"', `\r\n${part(' bytes 0-0/9', 'a')}${part('bytes 8-8/9', 'i')}--b--`, TWO],
  ['multipart/byteranges; boundary=b', part('bytes 0-0/9', 'a'), []],
  ['multipart/byteranges; boundary=b', `${part('bytes 0-0/9', 'a')}--b\r\nno end`, [TWO[0]]],
  ['multipart/byteranges; boundary=b', `--b\r\n\r\na\r\n--b--`, []],
  ['multipart/byteranges; boundary=b', `${part('bytes 0-4/9', 'a\r\n\r\nb')}--b--`, [['bytes 0-4/9', 'a\r\n\r\nb']]],
  ['multipart/byteranges', part('bytes 0-0/9', 'a'), []],
  ['multipart/byteranges; boundary=b', '', []],
] as const)('%s %j', ([type, content, parts]) => {
  expect(parse(type, content)).toEqual(parts);
});
