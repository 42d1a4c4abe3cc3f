import { describe, expect, test } from 'vitest';
import { cloudflarePurge } from '../../../src/cli/cdn/cloudflare.ts';
import { recordedPause, serveApi, type Reply } from './api-server.ts';

const ZONE = '023e105f4ecef8ad9ca31a8372d0c353';
const TOKEN = 'Sn3lZJTBX6kkg7OdcBUAxOO963GEIyGQqnFTOFYY';

const done: Reply = {
  status: 200,
  body: JSON.stringify({ success: true, errors: [], messages: [], result: { id: ZONE } }),
};

function failure(status: number, code: number, message: string): Reply {
  return { status, body: JSON.stringify({ success: false, errors: [{ code, message }], messages: [], result: null }) };
}

function addresses(count: number): readonly URL[] {
  return Array.from({ length: count }, (_, i) => new URL(`https://files.example.com/${i}`));
}

async function purge(reply: Parameters<typeof serveApi>[0], count = 2) {
  await using api = await serveApi(reply);
  const { pauses, wait } = recordedPause();
  const said: string[] = [];
  const env = { CLOUDFLARE_API_TOKEN: TOKEN, CLOUDFLARE_API_BASE_URL: `${api.url}/client/v4/` };
  const cdn = cloudflarePurge(ZONE, env, (text) => said.push(text), wait);
  const result = await cdn.addresses(addresses(count));
  const sizes = api.received.map(({ body }) => [...body.matchAll(/https:/g)].length);
  return { result, said, pauses, sizes, received: [...api.received] };
}

describe("a purge of Cloudflare's cache", () => {
  test('sends the addresses to the zone, with the token', async () => {
    const { result, received, said } = await purge(() => done);
    expect(result).toEqual({ done: 'Cloudflare purges 2 addresses within seconds' });
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({
      method: 'POST',
      path: `/client/v4/zones/${ZONE}/purge_cache`,
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: '{"files":["https://files.example.com/0","https://files.example.com/1"]}',
    });
    expect(said).toEqual([]);
  });

  test('by tag sends the tags', async () => {
    await using api = await serveApi(() => done);
    const env = { CLOUDFLARE_API_TOKEN: TOKEN, CLOUDFLARE_ZONE_ID: ZONE, CLOUDFLARE_API_BASE_URL: api.url };
    const result = await cloudflarePurge(undefined, env, () => undefined).tags?.(['releases', 'docs']);
    expect(result).toEqual({ done: 'Cloudflare purges all responses with the tags releases, docs within seconds' });
    expect(api.received.map(({ path, body }) => [path, body])).toEqual([
      [`/zones/${ZONE}/purge_cache`, '{"tags":["releases","docs"]}'],
    ]);
  });

  test('sends 100 at once', async () => {
    const { sizes, result } = await purge(() => done, 230);
    expect(sizes).toEqual([100, 100, 30]);
    expect(result).toEqual({ done: 'Cloudflare purges 230 addresses within seconds' });
  });

  test('sends 30 at once to an API that takes no more', async () => {
    const tooMany = failure(400, 1094, 'Invalid request body: more than 30 files');
    const { sizes, result } = await purge(({ body }) => (body.split('https:').length > 31 ? tooMany : done), 130);
    expect(sizes).toEqual([100, 30, 30, 30, 10, 30]);
    expect(result).toMatchObject({ done: expect.stringContaining('130') });
  });

  test('waits for Retry-After, in seconds or as a date, and says so', async () => {
    const date = new Date(Date.now() + 40_000).toUTCString();
    const limited = (value: string): Reply => ({
      ...failure(429, 10_000, 'slow down'),
      headers: { 'Retry-After': value },
    });
    const { result, pauses, said } = await purge((_, i) => [limited('7'), limited(date), limited('99999')][i] ?? done);
    expect(result).toMatchObject({ done: expect.any(String) });
    expect(pauses[0]).toBe(7_000);
    expect(pauses[1]).toBeGreaterThan(30_000);
    expect(pauses[1]).toBeLessThanOrEqual(40_000);
    expect(pauses[2]).toBe(120_000);
    expect(said[0]).toMatch(/^127\.0\.0\.1:\d+ answers 429; trying again in 7 s$/);
  });

  test('tries again after 5xx and a broken connection, with growing pauses', async () => {
    const { result, pauses, received } = await purge(
      (_, i) => [{ status: 502 }, undefined, { status: 500 }][i] ?? (i > 2 ? done : undefined),
    );
    expect(result).toMatchObject({ done: expect.any(String) });
    expect(received).toHaveLength(4);
    for (const [i, pause] of pauses.entries()) {
      expect(pause).toBeGreaterThanOrEqual(500 * 2 ** i);
      expect(pause).toBeLessThanOrEqual(1500 * 2 ** i);
    }
  });

  test.each<readonly [string, Reply | undefined, number, RegExp]>([
    [
      'a token that is wrong',
      failure(403, 9109, 'Invalid access token'),
      1,
      /refuses the token in CLOUDFLARE_API_TOKEN: Invalid access token; it needs/,
    ],
    [
      'a token without the permission',
      failure(401, 10_000, 'Authentication error'),
      1,
      /it needs the permission Cache Purge/,
    ],
    [
      'a zone that does not exist',
      failure(404, 7003, 'Could not route'),
      1,
      /knows no such zone: Could not route; --zone takes/,
    ],
    [
      'an address of another zone',
      failure(400, 1016, 'Unable to purge\u001b[31m'),
      1,
      /refuses the request: Unable to purge \[31m; the addresses/,
    ],
    ['a limit that lasts', failure(429, 10_000, 'slow down'), 5, /allows no more purges at the moment: slow down/],
    ['an API that is down', { status: 503, body: '<html>' }, 5, /^Cloudflare answers 503$/],
    ['no API', undefined, 5, /^Cloudflare can't be reached/],
    ['success that is none', { status: 200, body: '{"success":false}' }, 1, /^Cloudflare answers 200$/],
    ['no JSON', { status: 200, body: 'ok' }, 1, /^Cloudflare answers 200$/],
    [
      'a redirect, which is not followed',
      { status: 302, headers: { Location: 'https://evil.example/' } },
      1,
      /answers 302/,
    ],
  ])('with %s says what to do', async (_, reply, attempts, message) => {
    const { result, received } = await purge(() => reply);
    expect(result).toMatch(message);
    expect(result).not.toContain(TOKEN);
    expect(received).toHaveLength(attempts);
  });

  test('stops at the first batch that is refused', async () => {
    const { received } = await purge(() => failure(403, 9109, 'Invalid access token'), 250);
    expect(received).toHaveLength(1);
  });

  test.each([
    [ZONE, {}, /needs a token in the variable CLOUDFLARE_API_TOKEN/],
    [ZONE, { CLOUDFLARE_API_TOKEN: 'a b' }, /CLOUDFLARE_API_TOKEN takes letters/],
    [undefined, { CLOUDFLARE_API_TOKEN: TOKEN }, /needs the zone: --zone ID, or the variable CLOUDFLARE_ZONE_ID/],
    ['../x', { CLOUDFLARE_API_TOKEN: TOKEN }, /needs the zone/],
  ])('is refused before anything is sent: %s, %j', (zone, env, message) => {
    expect(() => cloudflarePurge(zone, env, () => undefined)).toThrow(message);
  });
});
