import { noise } from './mutate.ts';
import type { Random } from './random.ts';

/** Lines and pieces of them that parsers of messages have tripped over. */
const INSERTS = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  '\t',
  ':',
  '\u00ff',
  '\r\n\r\n',
  '\r\n folded',
  '\r\nContent-Length: 5',
  '\r\nContent-Length: -1',
  '\r\nContent-Length: 5, 5',
  '\r\nContent-Length: 99999999999999999999',
  '\r\nTransfer-Encoding: chunked',
  '\r\nTransfer-Encoding: gzip, chunked',
  '\r\nTransfer-Encoding : chunked',
  '\r\nHost: a\r\nHost: b',
  '\r\nConnection: upgrade\r\nUpgrade: websocket',
  '\r\nConnection: Range, Host',
  '\r\nExpect: nothing',
  '\r\nExpect: 100-continue',
  '\r\n: no name',
  '\r\nRange: bytes=0-\r\nRange: bytes=1-',
];
const LINES = [
  'GET  / HTTP/1.1',
  'GET /',
  'GET / HTTP/1.0',
  'GET / HTTP/0.9',
  'GET / HTTP/2.0',
  'GET / HTTP/1.1 ',
  'get / HTTP/1.1',
  'GET http://127.0.0.1/digits.txt HTTP/1.1',
  'GET http://[::1]:99999/ HTTP/1.1',
  'GET http:///digits.txt HTTP/1.1',
  'GET file:///etc/passwd HTTP/1.1',
  'GET data:text/plain,x HTTP/1.1',
  'GET digits.txt HTTP/1.1',
  'GET //user:pass@x/ HTTP/1.1',
  'GET /\u00e9 HTTP/1.1',
  'OPTIONS * HTTP/1.1',
  'CONNECT 127.0.0.1:80 HTTP/1.1',
  'TRACE / HTTP/1.1',
  'TRACK / HTTP/1.1',
  'BREW /digits.txt HTTP/1.1',
  'M-SEARCH * HTTP/1.1',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n',
  'HTTP/1.1 200 OK',
  '\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00fc\u0003\u0003',
  '',
];

/** Makes of a message something that need not be one any more. */
export function mangle(random: Random, text: string): string {
  switch (random.below(6)) {
    case 0:
      return noise(random, 400);
    case 1:
      return random.pick(LINES) + text.slice(text.indexOf('\r\n'));
    case 2:
      return oversized(random, text);
    case 3:
      return text.slice(0, random.below(text.length + 1));
    default: {
      let mangled = text;
      for (let left = 1 + random.below(3); left > 0; left--) mangled = mangleOnce(random, mangled);
      return mangled;
    }
  }
}

function mangleOnce(random: Random, text: string): string {
  const at = random.below(text.length + 1);
  switch (random.below(4)) {
    case 0: {
      const lineEnd = text.indexOf('\r\n', at);
      const place = lineEnd < 0 ? at : lineEnd;
      return text.slice(0, place) + random.pick(INSERTS) + text.slice(place);
    }
    case 1:
      return text.slice(0, at) + random.pick(INSERTS) + text.slice(at);
    case 2:
      return text.slice(0, at) + text.slice(Math.min(text.length, at + 1 + random.below(20)));
    default: {
      const code = (text.charCodeAt(at) || 0x41) ^ (1 << random.below(8));
      return text.slice(0, at) + String.fromCharCode(code & 0xff) + text.slice(at + 1);
    }
  }
}

/** More than any server takes of one thing or the other. */
function oversized(random: Random, text: string): string {
  const lineEnd = text.indexOf('\r\n');
  const [line, rest] = [text.slice(0, lineEnd), text.slice(lineEnd)];
  switch (random.below(4)) {
    case 0:
      return `${line}\r\nX-Long: ${'x'.repeat(80_000)}${rest}`;
    case 1:
      return `${line}${'\r\nX: y'.repeat(3_000)}${rest}`;
    case 2:
      return `GET /${'a'.repeat(70_000)} HTTP/1.1${rest}`;
    default:
      return `${line}\r\nRange: bytes=${'0-0,'.repeat(8_000)}5-${rest}`;
  }
}
