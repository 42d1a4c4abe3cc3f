import { describe, expect, test } from 'vitest';
import { anyOf, basicAccess, refererAccess, signedAccess } from '../../src/access/index.ts';
import { jwtAccess } from '../../src/access/jwt.ts';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { parseRange } from '../../src/http/range.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import { KEYS } from '../access/links.ts';
import { bodyOf, representation, storeDouble } from './store-double.ts';

const text = (value: string) => new TextEncoder().encode(value);
const secret = 's'.repeat(40);
const open = (options: Parameters<typeof createGateway>[0]) =>
  createGateway({ observers: [{ end: () => undefined }], ...options });

describe('no regular expression backtracks without bound: 1 MB takes less than a second', () => {
  const MB = 1_000_000;
  const fill = (piece: string, around: readonly [string, string] = ['', '']) =>
    around[0] + piece.repeat(Math.ceil(MB / piece.length)) + around[1];
  const store = storeDouble({
    read: () => ({
      type: 'open',
      representation: representation(10),
      span: { start: 0, end: 10 },
      body: bodyOf([text('0123456789')]),
    }),
  });
  const gateway = open({
    store,
    access: anyOf(
      signedAccess(KEYS),
      basicAccess({ users: [{ name: 'amy', password: 'p' }] }),
      jwtAccess({ key: { type: 'secret', secret }, issuer: 'i', audience: 'a' }),
      refererAccess({ origins: ['https://page.example'], missing: 'allow' }),
    ),
  });
  const pieces = [
    ' ',
    ',',
    '"',
    '\t',
    'a',
    '0',
    '-',
    '0-0,',
    '0-,',
    '-1,',
    ', ,',
    '"a",',
    'W/"',
    'W/"a" ,',
    '\\',
    '=',
    ';',
    'bytes=',
    '%25',
    '.',
    '..',
    '/',
    ':',
    '@',
    '\xff',
  ];
  /** Valid beginnings of each field, after which the rest is parsed. */
  const fields: readonly (readonly [name: string, ...starts: readonly string[]])[] = [
    ['Range', '', 'bytes='],
    ['If-Range', '', '"', 'W/"'],
    ['If-Match', '', '"', 'W/"'],
    ['If-None-Match', '', '"', 'W/"'],
    ['If-Modified-Since', '', 'Sun, 06 Nov 1994 '],
    ['If-Unmodified-Since', '', 'Sunday, 06-Nov-'],
    ['Authorization', '', 'Basic ', 'Bearer ', 'Bearer a.b.'],
    ['Referer', '', 'https://page.example/'],
    ['Origin', ''],
    ['Host', ''],
  ];

  test.for(fields)('%s', async ([name, ...starts]) => {
    for (const start of starts) {
      for (const piece of pieces) {
        const began = performance.now();
        const response = await gateway.request('/a', { headers: { [name]: fill(piece, [start, 'x']) } });
        await response.arrayBuffer();
        expect([start, piece, performance.now() - began < 1_000]).toEqual([start, piece, true]);
      }
    }
  });

  test('parseRange without its limit of the length', () => {
    for (const start of ['', 'bytes=']) {
      for (const piece of pieces) {
        const began = performance.now();
        parseRange(fill(piece, [start, 'x']), { maxFieldLength: 1_048_576, maxRanges: 1_000 });
        expect([start, piece, performance.now() - began < 1_000]).toEqual([start, piece, true]);
      }
    }
  });

  test('path and query', async () => {
    const usual = open({ store, access: signedAccess(KEYS) });
    for (const piece of pieces.filter((one) => one !== '\xff')) {
      for (const address of [
        fill(piece, ['/', 'x']),
        fill(encodeURIComponent(piece), ['/', 'x']),
        fill(piece, ['/a?rgw-', '=x']),
        fill(`${piece}&rgw-`, ['/a?rgw-kid=', 'x']),
      ]) {
        const began = performance.now();
        const response = await usual.request(`http://gateway${address}`);
        await response.arrayBuffer();
        expect([piece, address.slice(0, 20), performance.now() - began < 1_000]).toEqual([
          piece,
          address.slice(0, 20),
          true,
        ]);
      }
    }
  });

  test('metadata', async () => {
    for (const piece of pieces) {
      const value = fill(piece, ['a', 'x']);
      const stored = memoryStore();
      await stored.put('a', text('a'), { contentType: value, contentDisposition: value, cacheControl: value });
      const began = performance.now();
      const over = open({ store: stored, access: refererAccess({ origins: [], missing: 'allow' }) });
      await (await over.request('/a')).arrayBuffer();
      expect([piece, performance.now() - began < 1_000]).toEqual([piece, true]);
    }
  });
});
