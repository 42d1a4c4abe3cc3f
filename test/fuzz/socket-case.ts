import type { Representation } from '../../src/http/index.ts';
import { fixtures, type Fixture } from '../conformance/fixtures.ts';
import { anyLines } from './decision-case.ts';
import { mangle } from './mangle.ts';
import { randomOf, type Random } from './random.ts';

/** A request that is as it should be. */
export interface SentRequest {
  readonly method: string;
  readonly target: string;
  /** The object that the target names, if it names one. */
  readonly fixture: Fixture | undefined;
  /** The fields that decide the answer. */
  readonly lines: readonly (readonly [name: string, value: string])[];
}

/** The bytes sent over one connection. One char is one byte. */
export interface SocketCase {
  /** Written one after the other, with time between them for the server to look. */
  readonly pieces: readonly string[];
  /** Pipelined; answers to all of them have to come. */
  readonly requests: readonly SentRequest[];
  /** Whether something else follows, to which any answer that is one will do, or none. */
  readonly mangled: boolean;
}

const METHODS = [
  'GET',
  'GET',
  'GET',
  'GET',
  'GET',
  'GET',
  'HEAD',
  'HEAD',
  'OPTIONS',
  'POST',
  'PUT',
  'DELETE',
  'PROPFIND',
];
/** All but the largest, of which thousands would be copied only. */
const SERVED = fixtures.filter(({ bytes }) => bytes.length < 100_000);
const OTHER_TARGETS = [
  '/',
  '/missing',
  '/a/../b',
  '/%2e%2e/%2e%2e/etc/passwd',
  '/%00',
  '/%',
  '/%ff',
  '//x/y',
  '/*',
  '/{}|\\^`"<>',
  `/${'a'.repeat(3_000)}`,
  `/${'a/'.repeat(600)}`,
];
const OTHER_LINES: readonly (readonly [string, string])[] = [
  ['User-Agent', 'fuzz/1.0 (\u00e9)'],
  ['Accept-Encoding', 'gzip, deflate, br, zstd'],
  ['Origin', 'https://example.com'],
  ['X-Pad', 'x'.repeat(10_000)],
  ['Cookie', 'a=b; c=d'],
  ['Upgrade', 'h2c'],
  ['Content-Type', 'text/plain'],
  ['Via', ''],
];

/** Makes case `index` of a seed. */
export function socketCase(seed: number, index: number, describe: (fixture: Fixture) => Representation): SocketCase {
  const random = randomOf(seed, index);
  const mangled = random.oneIn(2);
  const requests = Array.from({ length: random.oneIn(3) ? 1 + random.below(5) : mangled ? 0 : 1 }, () =>
    anyRequest(random, describe),
  );
  const texts = requests.map((request, i) => print(random, request, !mangled && i === requests.length - 1));
  if (mangled) {
    const request = anyRequest(random, describe);
    // If the method is unknown, the end of the response is unknown too.
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    texts.push(mangle(random, print(random, { ...request, method }, false)));
  }
  return { pieces: split(random, texts.join('')), requests, mangled };
}

function anyRequest(random: Random, describe: (fixture: Fixture) => Representation): SentRequest {
  const method = random.pick(METHODS);
  if (random.oneIn(6)) return { method, target: random.pick(OTHER_TARGETS), fixture: undefined, lines: [] };
  const fixture = random.pick(SERVED);
  const path = `/${fixture.key.split('/').map(encodeURIComponent).join('/')}`;
  const lines = anyLines(random, describe(fixture)).map(([name, value]) => [name, sendable(value)] as const);
  return { method, target: random.oneIn(6) ? `${path}?x=%00&y` : path, fixture, lines };
}

/** Without what an HTTP parser refuses in a field (RFC 9112 §5.5). */
function sendable(value: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  const text = value.replace(/[\0-\x08\x0a-\x1f\x7f]/g, '').replace(/^[\t ]+|[\t ]+$/g, '');
  return text.slice(0, 9_000);
}

function print(random: Random, { method, target, lines }: SentRequest, last: boolean): string {
  const fields: (readonly [string, string])[] = [['Host', '127.0.0.1'], ...lines];
  while (random.oneIn(3)) fields.push(random.pick(OTHER_LINES));
  if (last) fields.push(['Connection', 'close']);
  // The server closes the connection after it.
  if (last && random.oneIn(6)) fields.push(['Expect', '100-continue']);
  const hasBody = method !== 'GET' && method !== 'HEAD' && random.oneIn(2);
  const body = hasBody ? 'x'.repeat(random.below(2_000)) : '';
  const isChunked = hasBody && random.oneIn(2);
  if (isChunked) fields.push(['Transfer-Encoding', 'chunked']);
  else if (hasBody) fields.push(['Content-Length', String(body.length)]);
  const head = fields.map(([name, value]) => `${name}:${random.pick(['', ' ', '\t '])}${value}\r\n`).join('');
  return `${method} ${target} HTTP/1.1\r\n${head}\r\n${isChunked ? chunked(body) : body}`;
}

function chunked(body: string): string {
  const chunk = body === '' ? '' : `${body.length.toString(16)};a=b\r\n${body}\r\n`;
  return `${chunk}0\r\n\r\n`;
}

function split(random: Random, text: string): readonly string[] {
  if (!random.oneIn(3)) return [text];
  const cuts = Array.from({ length: 1 + random.below(4) }, () => random.below(text.length + 1)).toSorted(
    (a, b) => a - b,
  );
  return [0, ...cuts].map((start, i) => text.slice(start, cuts[i] ?? text.length)).filter((piece) => piece !== '');
}
