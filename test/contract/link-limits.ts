import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import * as v from 'valibot';
import { generateLinkKey, parseLinkKeys, signLink, type LinkTerms } from '../../src/access/index.ts';
import { LinkSchema } from '../../src/gateway/handlers/transfers-schema.ts';

const MiB = 1024 * 1024;

/** The size of `large.bin`, in bytes, which consists of zeros. */
export const LARGE = 64 * MiB;
export const TOKEN = '0123456789abcdef0123456789abcdef';

/** The value of RANGEWAY_KEYS. */
export const KEYS_TEXT = generateLinkKey('k1');
const [KEY] = parseLinkKeys(KEYS_TEXT);

/** The answer to one request of a raw client. */
interface RawAnswer {
  readonly status: number;
  /** Bytes of the body that were received. */
  readonly received: number;
  /** From the request to the last byte, in ms. */
  readonly time: number;
  readonly head: string;
}

/** A client of a gateway with `large.bin`, whose mount takes links. */
function clientOf(origin: string) {
  const { hostname, port } = new URL(origin);

  /** Signs a link to `large.bin`. */
  const sign = (terms: Partial<LinkTerms>) =>
    signLink(`${origin}/large.bin`, { expires: Math.floor(Date.now() / 1000) + 3_600, ...terms }, KEY);

  /**
   * Sends one request through a connection of its own.
   *
   * @param atMost bytes of the body after which the client leaves
   */
  async function get(link: string, range?: string, atMost = Infinity): Promise<RawAnswer> {
    const { pathname, search } = new URL(link);
    const begin = performance.now();
    const socket = connect(Number(port), hostname);
    const fields = ['Host: a', 'Connection: close', ...(range === undefined ? [] : [`Range: bytes=${range}`])];
    socket.write(`GET ${pathname}${search} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`);
    let head = '';
    let received = 0;
    socket.on('data', (chunk: Buffer) => {
      if (head === '') {
        head = chunk.toString('latin1').split('\r\n\r\n')[0] ?? '';
        received -= head.length + 4;
      }
      received += chunk.length;
      if (received >= atMost) socket.destroy();
    });
    socket.on('error', () => undefined);
    await once(socket, 'close');
    return { status: Number(head.slice(9, 12)), received, time: performance.now() - begin, head };
  }

  async function api(method: string, id: string, body?: object): Promise<Response> {
    return fetch(`${origin}/.rangeway/links/${id}`, {
      method,
      headers: { Authorization: `Bearer ${TOKEN}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
  const read = async (id: string) => v.parse(LinkSchema, await (await api('GET', id)).json());
  return { sign, get, api, read };
}

/**
 * Tests of links with quotas and rates, for a gateway on any platform.
 *
 * @param origin of the gateway, once it runs
 * @param processes that serve it, each of which has the rate of a link
 */
export function describeLinkLimits(origin: () => string, processes = 1): void {
  test('64 connections at once get at most 16 MiB more than the link allows', { timeout: 120_000 }, async () => {
    const { sign, get } = clientOf(origin());
    const link = await sign({ downloadId: 'many', maxBytes: LARGE });
    const answers = await Promise.all(Array.from({ length: 64 }, () => get(link)));
    const received = answers.reduce((sum, answer) => sum + (answer.status === 200 ? answer.received : 0), 0);
    expect(received).toBeGreaterThan(LARGE / 2);
    expect(received).toBeLessThanOrEqual(LARGE + 16 * MiB);
    for (let i = 0; i < 10; i++) await get(link, `0-${4 * MiB - 1}`);
    const refused = await get(link);
    expect(refused.status).toBe(403);
    expect(refused.head).toContain('application/problem+json');
  });

  test('one client after the other gets no byte more than the link allows', { timeout: 60_000 }, async () => {
    const { sign, get, read } = clientOf(origin());
    const link = await sign({ downloadId: 'hard', maxBytes: 10 * MiB });
    expect(await get(link, `0-${6 * MiB - 1}`)).toMatchObject({ status: 206, received: 6 * MiB });
    await expect.poll(async () => (await read('hard')).bytes).toBe(6 * MiB);
    expect(await get(link, `0-${4 * MiB - 1}`)).toMatchObject({ status: 206, received: 4 * MiB });
    await expect.poll(async () => (await read('hard')).connections).toBe(0);
    expect(await get(link, '0-0')).toMatchObject({ status: 403 });
  });

  test.runIf(spawnSync('aria2c', ['--version']).status === 0)(
    'aria2c with 16 connections gets a file of exactly the limit',
    { timeout: 120_000 },
    async () => {
      const { sign } = clientOf(origin());
      const folder = await mkdtemp(join(tmpdir(), 'rangeway-aria2-'));
      try {
        for (const [i, quota] of [{ maxBytes: LARGE }, { maxDownloads: 1 }].entries()) {
          const link = await sign({ downloadId: `aria2-${i}`, ...quota });
          const args = ['--no-conf', '-q', '-x16', '-s16', '-k1M', '--file-allocation=none', '-d', folder];
          await promisify(execFile)('aria2c', [...args, '-o', `out-${i}`, link]);
          expect((await readFile(join(folder, `out-${i}`))).equals(Buffer.alloc(LARGE))).toBe(true);
        }
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  );

  test('a client that leaves out the last byte does not download for ever', { timeout: 120_000 }, async () => {
    const { sign, get } = clientOf(origin());
    const link = await sign({ downloadId: 'last-byte', maxDownloads: 1 });
    let received = 0;
    let answer: RawAnswer;
    do {
      answer = await get(link, `0-${LARGE - 2}`);
      if (answer.status === 206) received += answer.received;
    } while (answer.status === 206 && received < 10 * LARGE);
    expect(answer.status).toBe(403);
    expect(received).toBeGreaterThanOrEqual(LARGE - 1);
    expect(received).toBeLessThanOrEqual(1.25 * LARGE + 64 * MiB);
  });

  test('a link for two downloads refuses the third', { timeout: 60_000 }, async () => {
    const { sign, get, read } = clientOf(origin());
    const link = await sign({ downloadId: 'two', maxDownloads: 2 });
    for (const downloads of [1, 2]) {
      expect(await get(link)).toMatchObject({ status: 200, received: LARGE });
      await expect.poll(async () => (await read('two')).downloads).toBe(downloads);
    }
    expect((await get(link, '0-9')).status).toBe(403);
  });

  test('the rate is held within 5 % over 10 s, by two connections together', { timeout: 60_000 }, async () => {
    const { sign, get } = clientOf(origin());
    const link = await sign({ maxBytesPerSecond: MiB });
    const begin = performance.now();
    const parts = processes === 1 ? [5, 5] : [10];
    const answers = await Promise.all(parts.map((part) => get(link, `0-${part * MiB - 1}`)));
    const seconds = (performance.now() - begin) / 1_000;
    expect(answers.map(({ received }) => received)).toEqual(parts.map((part) => part * MiB));
    expect(seconds).toBeGreaterThan(9.5);
    // A busy machine may be slower, but never faster.
    expect(seconds).toBeLessThan(15);
  });

  test('connections', { timeout: 60_000 }, async () => {
    const { sign, get, read } = clientOf(origin());
    const link = await sign({ downloadId: 'one', maxConnections: 1, maxBytesPerSecond: MiB });
    const first = get(link, `0-${6 * MiB - 1}`);
    await expect.poll(async () => (await clientOf(origin()).api('GET', 'one')).status).toBe(200);
    const second = await get(link, '0-9');
    expect(second.status).toBe(403);
    expect(second.head).toMatch(/retry-after: 5/i);
    expect((await first).received).toBe(6 * MiB);
    await expect.poll(async () => (await read('one')).connections).toBe(0);
    expect((await get(link, '0-9')).status).toBe(206);
  });

  test('a revoked link is refused within 5 s, and can be used again later', { timeout: 60_000 }, async () => {
    const { sign, get, api, read } = clientOf(origin());
    const link = await sign({ downloadId: 'revoked' });
    const status = async () => (await get(link, '0-9')).status;
    expect(await status()).toBe(206);
    const put = await api('PUT', 'revoked', { revoked: true });
    expect(v.parse(LinkSchema, await put.json())).toMatchObject({ id: 'revoked', revoked: true });
    await expect.poll(status, { timeout: 10_000 }).toBe(403);
    expect((await api('DELETE', 'revoked')).status).toBe(409);
    expect((await api('PUT', 'revoked', { revoked: false })).status).toBe(200);
    await expect.poll(status, { timeout: 10_000 }).toBe(206);
    await expect.poll(async () => (await read('revoked')).bytes).toBeGreaterThan(0);
    expect((await api('DELETE', 'revoked')).status).toBe(204);
  });
}
