import { noise } from './mutate.ts';
import { randomOf, type Random } from './random.ts';

/** The bytes that a storage sends for one request before it closes its side. One char is one byte. */
export interface AnswerCase {
  readonly method: 'GET' | 'HEAD';
  /** Written one after the other, with time between them for the client to read. */
  readonly pieces: readonly string[];
}

const STATUS_LINES = [
  'HTTP/1.1 200 OK',
  'HTTP/1.1 200 OK',
  'HTTP/1.1 206 Partial Content',
  'HTTP/1.1 404 Not Found',
  'HTTP/1.1 412 Precondition Failed',
  'HTTP/1.1 304 Not Modified',
  'HTTP/1.1 204 No Content',
  'HTTP/1.1 205 Reset Content',
  'HTTP/1.1 301 Moved',
  'HTTP/1.1 503 ',
  'HTTP/1.1 200',
  'HTTP/1.0 200 OK',
  'HTTP/1.1 299 \u00e9\u00ff\t"x"',
  'HTTP/1.1 599 Last',
];
const FIELDS = [
  'ETag: "abc"',
  'ETag:W/"a b"',
  'Content-Type: text/plain',
  'Content-Range: bytes 0-1/2',
  'Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT',
  'Vary: a',
  'vary: b',
  'X-Empty:',
  'X-Spaces:  \t a  b \t ',
  'x-amz-meta-name: f\u00c3\u00bcr \u00e4',
  "X-Token!#$%&'*+.^_`|~: x",
  'Connection: keep-alive',
  'Connection: close',
  'Keep-Alive: timeout=5',
  'Set-Cookie: a=b',
  'Set-Cookie: c=d',
  '__proto__: x',
  'Trailer: x-sum',
];
const INTERIM = [
  'HTTP/1.1 100 Continue',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>',
  'HTTP/1.1 102 Processing',
  'HTTP/1.1 199 x',
];
/** Parts of messages that HTTP parsers are known to read differently. */
const INSERTS = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '"',
  '\u0001',
  '\u000b',
  '\u007f',
  '\u00a0',
  '\u00ff',
  '0',
  '1',
  '+',
  '-',
  '0x',
  'a',
  '\r\n\r\n',
  '\r\n ',
  '\r\n\t',
  '\n\n',
  '\r\r\n',
  ' \r\n',
  'HTTP/1.1 200 OK\r\n\r\n',
];
const LINES = [
  'Content-Length: 5',
  'Content-Length: 5, 5',
  'Content-Length: 5,6',
  'Content-Length: ',
  'Content-Length: +5',
  'Content-Length: -5',
  'Content-Length: 05',
  'Content-Length: 0x5',
  'Content-Length: 5 5',
  'Content-Length: 5;',
  'Content-Length: 1e1',
  'Content-Length: 0',
  'Content-Length: 9007199254740993',
  'Content-Length: 18446744073709551617',
  'Content-Length : 5',
  'Content-Length\t: 5',
  'Content_Length: 5',
  ' Content-Length: 5',
  'Content-Length:\r\n 5',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: CHUNKED',
  'Transfer-Encoding: chunked ',
  'Transfer-Encoding: chunked\t',
  'Content-Length: 5\t',
  'Content-Length:\t5 ',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: chunked;x=y',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: chunked, gzip',
  'Transfer-Encoding: gzip',
  'Transfer-Encoding: identity',
  'Transfer-Encoding: identity, chunked',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding: "chunked"',
  'Transfer-Encoding: ,chunked',
  'Transfer-Encoding:',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding:\r\n chunked',
  'Transfer-Encoding: chun\u0000ked',
  'Connection: upgrade\r\nUpgrade: websocket',
  'Connection: close, keep-alive',
  'Connection: Content-Length',
  'Connection: Transfer-Encoding',
  'Proxy-Connection: close',
  'Folded: a\r\n b',
  'no colon',
  ': no name',
  'a b: c',
  'a\u00e9: c',
  'a(b): c',
  'X: a\rb',
  'X: a\nb',
  'X: a\0b',
  'X: a\u0007b\u007f',
];
const CHUNK_SIZES = [
  '',
  '0',
  '00',
  '-1',
  '+3',
  ' 3',
  '3 ',
  '3\t',
  '0x3',
  '3h',
  'g',
  '3;',
  '3 ; a',
  'FFFFFFFFFFFFFFFFF',
  '10000000000000000',
  '1_0',
  '3,3',
];
const EXTENSIONS = [
  ';a',
  ';a=b',
  ';a="b c"',
  '; a = b',
  ';a;b;c=d',
  ';"',
  ';a="\\""',
  ';a=b"c"',
  ';a="b"c',
  ';a"b"',
  ';\u00ff',
  ';=',
  ';a=',
  ';;',
  ';a\tb',
  ';a b',
  `;${'x'.repeat(3_000)}`,
];
const TRAILERS = [
  'X-Sum: 1',
  'Content-Length: 5',
  'Transfer-Encoding: chunked',
  'no colon',
  ' folded',
  'X: a\0b',
  'X:',
  ': x',
  'a b: c',
  'X: y\nZ: z',
];

/** Makes case `index` of a seed. */
export function answerCase(seed: number, index: number): AnswerCase {
  const random = randomOf(seed, index);
  const method = random.oneIn(6) ? 'HEAD' : 'GET';
  let text = random.oneIn(40) ? noise(random, 300) : printAnswer(random);
  // A third is as it should be, or nearly so: it has to be read.
  for (let left = random.below(3); left > 0; left--) text = damage(random, text);
  if (random.oneIn(8)) text = text.slice(0, random.below(text.length + 1));
  return { method, pieces: split(random, text) };
}

function printAnswer(random: Random): string {
  let text = '';
  while (random.oneIn(8)) text += `${random.pick(INTERIM)}\r\n\r\n`;
  const lines = [random.pick(STATUS_LINES)];
  while (!random.oneIn(4)) lines.push(random.pick(FIELDS));
  if (random.oneIn(60)) lines.push(`X-Long: ${'x'.repeat(random.pick([20_000, 60_000, 70_000]))}`);
  const body = anyBody(random);
  switch (random.below(4)) {
    case 0:
      break;
    case 1:
    case 2:
      lines.push(`Content-Length: ${body.length + (random.oneIn(12) ? random.pick([-1, 1, 10]) : 0)}`);
      break;
    default:
      lines.push('Transfer-Encoding: chunked');
      return `${text}${shuffled(random, lines)}\r\n\r\n${chunked(random, body)}${surplus(random)}`;
  }
  return `${text}${shuffled(random, lines)}\r\n\r\n${body}${surplus(random)}`;
}

/** The status line stays first, the framing is anywhere behind it. */
function shuffled(random: Random, [first = '', ...lines]: readonly string[]): string {
  const at = random.below(lines.length + 1);
  return [first, ...lines.slice(at), ...lines.slice(0, at)].join('\r\n');
}

function surplus(random: Random): string {
  if (!random.oneIn(8)) return '';
  return random.pick([
    '\r\n',
    '\r\n\r\n',
    'x',
    '0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\ny',
    '\0',
    noise(random, 40),
  ]);
}

function anyBody(random: Random): string {
  const length = random.pick([0, 1, 2, 5, 16, 100, 1_000, 70_000]);
  if (length > 1_000) return 'x'.repeat(random.below(length));
  return random.oneIn(3) ? noise(random, length) : 'a\r\n0\r\n\r\nb'.repeat(20).slice(0, random.below(length + 1));
}

function chunked(random: Random, body: string): string {
  let text = '';
  for (let at = 0; at < body.length;) {
    const size = Math.min(body.length - at, 1 + random.below(random.pick([3, 20, 40_000])));
    const digits = size.toString(16);
    const printed = random.oneIn(30) ? random.pick(CHUNK_SIZES) : random.oneIn(4) ? `0${digits.toUpperCase()}` : digits;
    text += `${printed}${random.oneIn(10) ? random.pick(EXTENSIONS) : ''}\r\n${body.slice(at, at + size)}\r\n`;
    at += size;
  }
  const trailer = random.oneIn(4) ? `${random.pick(TRAILERS)}\r\n` : '';
  return `${text}${random.oneIn(8) ? '000' : '0'}${random.oneIn(10) ? random.pick(EXTENSIONS) : ''}\r\n${trailer}\r\n`;
}

function damage(random: Random, text: string): string {
  const lines = text.split('\r\n');
  const line = random.below(Math.min(lines.length, 12));
  const at = random.below(Math.min(text.length, random.pick([40, 200, 70_000])) + 1);
  const change = (printed: readonly string[]) =>
    [...lines.slice(0, line), ...printed, ...lines.slice(line + 1)].join('\r\n');
  const here = lines[line] ?? '';
  switch (random.below(9)) {
    case 0:
    case 1:
      return change([here, random.pick(LINES)]);
    case 2:
      return change([random.pick(LINES), here]);
    case 3:
      return change([here, here]);
    case 4:
      return change([]);
    case 5:
      // The end of one line.
      return lines.slice(0, line + 1).join('\r\n') + random.pick(INSERTS) + lines.slice(line + 1).join('\r\n');
    case 6: {
      const code = (text.charCodeAt(at) || 0x41) ^ (1 << random.below(8));
      return text.slice(0, at) + String.fromCharCode(code & 0xff) + text.slice(at + 1);
    }
    case 7:
      return text.slice(0, at) + text.slice(at + 1 + random.below(4));
    default:
      return text.slice(0, at) + random.pick(INSERTS) + text.slice(at);
  }
}

function split(random: Random, text: string): readonly string[] {
  if (!random.oneIn(3)) return [text];
  const most = random.oneIn(2) ? Math.min(text.length, 300) : text.length;
  const cuts = Array.from({ length: 1 + random.below(4) }, () => random.below(most + 1)).toSorted((a, b) => a - b);
  return [0, ...cuts].map((start, i) => text.slice(start, cuts[i] ?? text.length)).filter((piece) => piece !== '');
}
