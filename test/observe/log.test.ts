import { describe, expect, test, vi } from 'vitest';
import { parseLinkKeys, signedAccess, signLink } from '../../src/access/index.ts';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { describeError, logObserver, printLogEntry, type LogEntry, type LogOptions } from '../../src/observe/log.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';

const entry: LogEntry = {
  time: '2026-01-01T00:00:00.000Z',
  requestId: 'id',
  method: 'GET',
  key: 'key',
  status: 200,
  range: null,
  bytesSent: 1,
  storageReads: 1,
  continued: 0,
  bytesRead: 1,
  durationMs: 1,
  outcome: 'complete',
};

test('an entry is one line of JSON, and parses to the same entry', () => {
  const key = 'line\nbreak\r\u0000\u001b[31m\u009b31m\u2028\u202e\u007f"\\';
  const line = printLogEntry({ ...entry, key });
  expect(line).toMatch(/^[\x20-\x7e]*$/);
  expect(JSON.parse(line)).toEqual({ ...entry, key });
});

test.for<readonly [string, string]>([
  ['\u061c', 'an Arabic letter mark'],
  ['\u200b\u200c\u200d\u200e\u200f', 'zero width'],
  ['\u2060\u2061\u2062\u2063\u2064\u206a\u206f', 'word joiners and deprecated format characters'],
  ['\u202a\u202e\u2066\u2069', 'bidirectional'],
  ['\ufeff', 'a byte order mark'],
  ['\u00ad\u034f\u115f\u1160\u17b4\u180e\u3164\uffa0', 'drawn as nothing'],
  ['\ufff9\ufffa\ufffb', 'annotations'],
  ['\ufe0f\u{e0100}', 'variation selectors'],
  ['\u{e0001}\u{e0041}\u{e007f}', 'tags'],
  ['\u{1d173}\u{1bca0}', 'format characters beyond U+FFFF'],
  ['\ud800x\udc00', 'lone surrogates'],
])('an invisible character is escaped, and parses to the same: %j, %s', ([key]) => {
  const line = printLogEntry({ ...entry, key });
  expect(line).toMatch(/^[\x20-\x7e]*$/);
  expect(JSON.parse(line)).toEqual({ ...entry, key });
});

test('letters of all scripts are not escaped', () => {
  const key = 'Käse-日本語-עברית-😀-e\u0301';
  expect(printLogEntry({ ...entry, key })).toContain(key);
});

test('an error is logged with its causes, without a stack', () => {
  const error = new Error('outer', { cause: new TypeError('inner', { cause: 'no error' }) });
  expect(describeError(error)).toBe('Error: outer; caused by TypeError: inner');
  expect(describeError({ odd: true })).toBe('thrown: {"odd":true}');
});

test('a cycle of causes ends', () => {
  const error = new Error('around');
  error.cause = error;
  expect(describeError(error).split(';').length).toBe(8);
});

/** A gateway with a public and a signed mount, and the entries that it has logged. */
function logged(options?: LogOptions) {
  const entries: LogEntry[] = [];
  const gateway = createGateway({
    mounts: [
      { store: memoryStore() },
      { host: 'files.example.com', path: '/signed', store: memoryStore(), access: signedAccess(parseLinkKeys(KEYS)) },
    ],
    observers: [logObserver((one) => void entries.push(one), undefined, options)],
  });
  return {
    entries,
    async ask(url: string, headers: Record<string, string> = {}, address?: string) {
      const before = entries.length;
      await gateway.request(url, { headers }, { clientAddress: address });
      await vi.waitFor(() => expect(entries.length).toBe(before + 1));
      return entries.at(-1);
    },
  };
}

const KEYS = `k1:${'A'.repeat(43)}`;
const SECRET = '0123456789abcdef0123456789abcdef';

describe('an entry', () => {
  test('has the mount, the client and its agent', async () => {
    const { ask } = logged();
    expect(await ask('/a', { 'User-Agent': 'curl/8' }, '203.0.113.7')).toMatchObject({
      mount: '/',
      key: 'a',
      client: '203.0.113.7',
      userAgent: 'curl/8',
    });
  });

  test('has no value for what is unknown', async () => {
    const { ask } = logged();
    const found = await ask('/.rangeway/nothing');
    expect(Object.keys(found ?? {})).toEqual(expect.not.arrayContaining(['mount', 'client', 'userAgent']));
  });

  test('has the id of a link, and neither signature nor credentials, however they come', async () => {
    const { ask, entries } = logged();
    const [key] = parseLinkKeys(KEYS);
    if (key === undefined) throw new Error('no key');
    const terms = { expires: Math.floor(Date.now() / 1000) + 60, downloadId: 'd-1' };
    const url = await signLink('http://files.example.com/signed/a', terms, key);
    const signature = new URL(url).searchParams.get('rgw-sig') ?? '';
    const headers = {
      Authorization: `Bearer ${SECRET}`,
      Cookie: SECRET,
      Referer: url,
      Host: 'files.example.com',
    };
    expect(await ask(url, headers)).toMatchObject({ mount: 'files.example.com/signed', downloadId: 'd-1' });
    await ask(`http://files.example.com/signed/a?token=${SECRET}`, { ...headers, Range: 'bytes=0-' });
    const text = JSON.stringify(entries);
    expect(signature.length).toBeGreaterThan(20);
    expect(text).not.toContain(signature);
    expect(text).not.toContain(SECRET);
  });

  test('is bounded, whatever a client sends', async () => {
    const { ask } = logged();
    const long = 'x'.repeat(8_000);
    const found = await ask(`/${long}`, { 'User-Agent': long, Range: long, 'X-Request-Id': long }, long);
    expect(JSON.stringify(found).length).toBeLessThan(2_500);
  });

  test('has a keyed hash of the address if that is set, the same for the same address', async () => {
    const [one, same] = [logged({ client: 'hashed', secret: SECRET }), logged({ client: 'hashed', secret: SECRET })];
    const other = logged({ client: 'hashed', secret: SECRET.toUpperCase() });
    const first = await one.ask('/a', {}, '203.0.113.7');
    expect(first?.client).toMatch(/^client:[\da-f]{32}$/);
    expect((await same.ask('/a', {}, '203.0.113.7'))?.client).toBe(first?.client);
    expect((await same.ask('/a', {}, '203.0.113.8'))?.client).not.toBe((await same.ask('/a', {}, ''))?.client);
    expect((await other.ask('/a', {}, '203.0.113.7'))?.client).not.toBe(first?.client);
  });

  test('has no client if none is to be logged', async () => {
    const { ask } = logged({ client: 'none' });
    expect(await ask('/a', {}, '203.0.113.7')).not.toHaveProperty('client');
  });
});
