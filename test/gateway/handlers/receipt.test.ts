import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { anyOf, basicAccess, parseLinkKeys, signedAccess, signLink } from '../../../src/access/index.ts';
import { createGateway } from '../../../src/gateway/create-gateway.ts';
import { TransferDetailsSchema } from '../../../src/gateway/handlers/transfers-schema.ts';
import { trackTransfers } from '../../../src/observe/transfers.ts';
import { memoryStore } from '../../../src/store/drivers/memory.ts';
import { memoryTransferStore } from '../../../src/transfers/drivers/memory.ts';
import { linkReader } from '../../../src/transfers/reader-identity.ts';

const Answer = v.strictObject({ transfers: v.array(TransferDetailsSchema) });
const TYPE = 'application/vnd.rangeway.transfer+json';
const SIZE = 100;
const KEYS = parseLinkKeys('a:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8');
const NOW = Math.floor(Date.now() / 1000);

function basic(user: string): Record<string, string> {
  return { Authorization: `Basic ${btoa(`${user}:secret of ${user}`)}` };
}

async function openGateway(failing = false) {
  const memory = memoryStore();
  const reads = { count: 0 };
  const store: typeof memory = {
    ...memory,
    head(...args) {
      reads.count++;
      return memory.head(...args);
    },
    read(...args) {
      reads.count++;
      return memory.read(...args);
    },
  };
  const bytes = new Uint8Array(SIZE);
  const sha256 = Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('base64');
  await store.put('a', bytes);
  const states = memoryTransferStore();
  const write = failing ? () => Promise.reject(new Error('it fails')) : states.write;
  const transfers = trackTransfers({ store: { ...states, write }, warn: () => undefined });
  const users = ['ann', 'bob'].map((name) => ({ name, password: `secret of ${name}` }));
  const access = anyOf(signedAccess(KEYS), basicAccess({ users }));
  const mounts = [
    { path: '/m', store, access },
    { path: '/public', store },
  ];
  const app = createGateway({ observers: [], transfers, mounts });
  const send = async (method: string, path: string, headers: Record<string, string> = {}, body?: string) =>
    app.fetch(new Request(`http://any.example${path}`, { method, headers, ...(body === undefined ? {} : { body }) }));
  const head = await send('HEAD', '/m/a', basic('ann'));
  const etag = head.headers.get('ETag') ?? '';
  const post = (receipt: object, headers = basic('ann'), path = '/m/a?transfer') =>
    send('POST', path, headers, JSON.stringify({ etag, ...receipt }));
  return { send, post, store, etag, sha256, states, transfers, reads };
}

const ALL = [[0, SIZE]];
const DETAIL = 'The link was revoked.';

describe('POST KEY?transfer', () => {
  test('answers the reader with its corrected transfer', async () => {
    const { send, post, transfers } = await openGateway();
    await (await send('GET', '/m/a', { ...basic('ann'), Range: 'bytes=0-49' })).arrayBuffer();
    await transfers.flush();
    const response = await post({ intervals: [[0, 8]] });
    expect(response.status).toBe(200);
    expect(response.headers.get('Content-Type')).toBe(TYPE);
    expect(response.headers.get('Cache-Control')).toBe('no-store');
    const answer = v.parse(Answer, await response.json());
    expect(answer.transfers).toEqual([
      expect.objectContaining({ reader: 'user:ann', intervals: [[0, 8, 1]], progress: 0.08 }),
    ]);
    const view = await send('GET', '/m/a?transfer', basic('ann'));
    expect(view.headers.get('Content-Type')).toBe(TYPE);
    expect(await view.json()).toEqual(answer);
    expect(await (await send('GET', '/m/a?transfer', basic('bob'))).json()).toEqual({ transfers: [] });
  });
  test('acknowledges a download once, also one that came from elsewhere', async () => {
    const { post, sha256 } = await openGateway();
    for (let i = 0; i < 2; i++) {
      const response = await post({ intervals: ALL, digest: `sha-256=:${sha256}:` });
      expect(v.parse(Answer, await response.json()).transfers).toEqual([
        expect.objectContaining({ complete: 1, state: 'complete', progress: 0 }),
      ]);
    }
  });
  test('takes a link with an id, whose right is to read', async () => {
    const { post, send, etag } = await openGateway();
    const terms = { expires: NOW + 600, downloadId: 'one-reader-of-many' };
    const { search } = new URL(await signLink('http://any.example/m/a', terms, KEYS[0]));
    expect((await post({ intervals: ALL }, {}, `/m/a${search}&transfer`)).status).toBe(200);
    const withoutId = new URL(await signLink('http://any.example/m/a', { expires: NOW + 600 }, KEYS[0]));
    expect((await post({ intervals: ALL }, {}, `/m/a${withoutId.search}&transfer`)).status).toBe(403);
    // A signature that is not that of the path.
    expect((await post({ intervals: ALL }, {}, `/m/b${search}&transfer`)).status).toBe(401);
    const announced = (await send('GET', `/m/a${search}`)).headers.get('Link');
    expect(announced).toBe(`</m/a${search}&transfer>; rel="related"; type="${TYPE}"`);
    expect(etag).not.toBe('');
  });
  test('of a link that was revoked is refused, as its downloads are, and changes nothing', async () => {
    const { post, states, transfers, reads } = await openGateway();
    const postBy = async (downloadId: string) => {
      const link = await signLink('http://any.example/m/a', { expires: NOW + 600, downloadId }, KEYS[0]);
      return post({ intervals: ALL }, {}, `/m/a${new URL(link).search}&transfer`);
    };
    await states.setRevoked(linkReader('revoked-one'), true);
    const before = reads.count;
    const refused = await postBy('revoked-one');
    expect([refused.status, await refused.json()]).toEqual([403, expect.objectContaining({ detail: DETAIL })]);
    await transfers.flush();
    expect(await states.list({ reader: linkReader('revoked-one').name }, 10)).toEqual([]);
    expect(reads.count).toBe(before);
    expect((await postBy('another-one')).status).toBe(200);
  });
  test('asks no storage if the reader has a transfer of the version and the receipt has no digest', async () => {
    const { send, post, sha256, reads } = await openGateway();
    const countOf = async (receipt: object, user = 'ann') => {
      const before = reads.count;
      expect((await post(receipt, basic(user))).status).toBe(200);
      return reads.count - before;
    };
    // The request is told to the store after its end, which the receipt waits for.
    await (await send('GET', '/m/a', { ...basic('ann'), Range: 'bytes=0-49' })).arrayBuffer();
    expect(await countOf({ intervals: [[0, 8]] })).toBe(0);
    expect(await countOf({ intervals: [[0, 50]] })).toBe(0);
    expect(await countOf({ intervals: ALL, digest: `sha-256=:${sha256}:` })).toBe(1);
    expect(await countOf({ intervals: ALL }, 'bob')).toBe(1);
    expect(await countOf({ intervals: ALL }, 'bob')).toBe(0);
  });
  test('takes the right to read, and an identity', async () => {
    const { post } = await openGateway();
    expect((await post({ intervals: ALL }, {})).status).toBe(401);
    expect((await post({ intervals: ALL }, {}, '/public/a?transfer')).status).toBe(403);
  });
  test('without the parameter, POST is not allowed', async () => {
    const { post } = await openGateway();
    expect((await post({ intervals: ALL }, basic('ann'), '/m/a')).status).toBe(405);
    expect((await post({ intervals: ALL }, basic('ann'), '/m/a?transfers')).status).toBe(405);
  });
  test('a version that the storage has no more', async () => {
    const { post, send, store, transfers } = await openGateway();
    await (await send('GET', '/m/a', { ...basic('ann'), Range: 'bytes=0-49' })).arrayBuffer();
    await transfers.flush();
    await store.put('a', new Uint8Array(7));
    expect((await post({ intervals: [[0, 8]] })).status).toBe(200);
    expect((await post({ intervals: [[0, 8]] }, basic('bob'))).status).toBe(409);
  });
  const lies: readonly (readonly [what: string, receipt: object, status: number])[] = [
    ['more than the size', { intervals: [[0, SIZE + 1]] }, 422],
    ['an interval that is empty', { intervals: [[5, 5]] }, 422],
    ['an interval that is reversed', { intervals: [[8, 5]] }, 422],
    ['a part of a byte', { intervals: [[0, 1.5]] }, 422],
    ['a negative byte', { intervals: [[-1, 5]] }, 422],
    ['a number that is too large', { intervals: [[0, 1e300]] }, 422],
    ['an interval with a depth', { intervals: [[0, 5, 1]] }, 422],
    ['too many intervals', { intervals: Array.from({ length: 1_025 }, () => [0, 1]) }, 422],
    ['another tag', { etag: '"other"', intervals: ALL }, 409],
    ['a weak tag', { etag: 'W/"a"', intervals: ALL }, 400],
    ['another digest', { intervals: ALL, digest: `sha-256=:${'A'.repeat(43)}=:` }, 422],
    ['a digest of another form', { intervals: ALL, digest: 'md5=:AAAA:' }, 400],
    ['no intervals', {}, 400],
    ['intervals that are none', { intervals: 'all' }, 400],
    ['a field that is unknown', { intervals: ALL, reader: 'user:bob' }, 400],
    ['more than 64 KiB', { intervals: ALL, more: 'x'.repeat(64 * 1024) }, 413],
  ];
  test.each(lies)('refuses %s, and changes nothing', async (_what, receipt, status) => {
    const { post, send } = await openGateway();
    await post({ intervals: [[0, 8]] });
    const before = await (await send('GET', '/m/a?transfer', basic('ann'))).json();
    const response = await post(receipt);
    expect(response.status).toBe(status);
    expect(response.headers.get('Content-Type')).toBe('application/problem+json');
    expect(await (await send('GET', '/m/a?transfer', basic('ann'))).json()).toEqual(before);
  });
  test.each(['', '{', '[]', 'null', '1', '\u0000'])('refuses %j', async (body) => {
    const { send } = await openGateway();
    expect((await send('POST', '/m/a?transfer', basic('ann'), body)).status).toBe(400);
  });
  test('a store that fails', async () => {
    const { post } = await openGateway(true);
    expect((await post({ intervals: ALL })).status).toBe(503);
  });
});

describe('the announcement', () => {
  const LINK = `<?transfer>; rel="related"; type="${TYPE}"`;
  test('is in responses with bytes to readers with an identity', async () => {
    const { send, etag } = await openGateway();
    const linkOf = async (headers: Record<string, string>, path = '/m/a', method = 'GET') =>
      (await send(method, path, headers)).headers.get('Link');
    const link = LINK.replace('?', '/m/a?');
    expect(await linkOf(basic('ann'))).toBe(link);
    expect(await linkOf({ ...basic('ann'), Range: 'bytes=0-0' })).toBe(link);
    expect(await linkOf(basic('ann'), '/m/a', 'HEAD')).toBe(link);
    expect(await linkOf(basic('ann'), '/m/a?download')).toBe(link.replace('?', '?download&'));
    expect(await linkOf({ ...basic('ann'), 'If-None-Match': etag })).toBeNull();
    expect(await linkOf(basic('ann'), '/m/none')).toBeNull();
    expect(await linkOf({}, '/public/a')).toBeNull();
  });
  test('is relative where its line would be too long, or its path be a host', async () => {
    const { send } = await openGateway();
    const long = `x=${'y'.repeat(428)}`;
    const response = await send('GET', `/m/a?${long}`, basic('ann'));
    expect(response.headers.get('Link')).toBe(LINK.replace('?', `?${long}&`));
  });
});
