import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { afterAll, describe, expect, test } from 'vitest';
import { run } from '../commands.ts';
import { freeUrl, serveHttp, stopServers } from '../loopback.ts';
import { startBadServer, type BadServer, type Faults } from './bad-server.ts';

const SECRET = 'do-not-show-this-0123456789';

const servers: BadServer[] = [];
afterAll(async () => {
  for (const server of servers) await server.stop();
  await stopServers();
});

async function start(faults: Faults): Promise<BadServer> {
  const server = await startBadServer(faults);
  servers.push(server);
  return server;
}

const serve = async (listener: RequestListener) => (await serveHttp(listener)).origin;

const check = (...args: readonly string[]) =>
  run(['check', ...args], { cwd: tmpdir(), env: { NO_COLOR: '1', LC_ALL: 'C.UTF-8' } });

test('a line for each check, and whether a download can be resumed safely, also as the exit code', async () => {
  const good = await check((await start({})).url);
  expect([good.code, good.err]).toEqual([0, '']);
  expect(good.out).toMatch(/^✓ range +206 with bytes 1-8: parts can be read/m);
  expect(good.out).toMatch(/\n\n✓ Yes, safely, by clients that send .*\.\n$/);
  const bad = await check((await start({ splices: true })).url);
  expect([bad.code, bad.err]).toEqual([1, '']);
  expect(bad.out).toMatch(/^✗ if-range-old +206: after a change, clients join /m);
  expect(bad.out).toMatch(/\n\n✗ Not safely: .*\.\n$/);
});

describe('secrets', () => {
  test('of the address, of a redirect and of fields are in no output', async () => {
    const { url } = await start({});
    const redirect = await serve((_, response) => {
      response.writeHead(302, {
        Location: `${url}?X-Amz-Date=20261129T000000Z&X-Amz-Expires=9&X-Amz-Signature=${SECRET}`,
      });
      response.end();
    });
    const gone = await serve((_, response) => void response.writeHead(404).end());
    const address = (base: string) =>
      `${base.replace('//', `//me:${SECRET}@`)}/a?sig=${SECRET}&expires=1798761600#${SECRET}`;
    for (const base of [redirect, gone]) {
      for (const flags of [[], ['--json']]) {
        const { out, err } = await check(address(base), '--header', `X-Token: ${SECRET}`, ...flags);
        expect(out + err).not.toBe('');
        expect(out + err).not.toContain(SECRET);
      }
    }
  });

  test('the user and the fields are sent', async () => {
    const { url, requests } = await start({});
    expect((await check(url.replace('//', '//100%zz@'))).code).toBe(0);
    expect(requests.splice(0)[0]?.headers.authorization).toBe(`Basic ${btoa('100%zz:')}`);
    await check(
      url.replace('//', '//me:p%40ss@'),
      '--header',
      'X-Token: abc',
      '--header',
      'Origin: https://app.example',
    );
    expect(requests.every(({ headers }) => headers.authorization === `Basic ${btoa('me:p@ss')}`)).toBe(true);
    expect(requests.every(({ headers }) => headers['x-token'] === 'abc')).toBe(true);
    expect([...new Set(requests.map(({ headers }) => headers.origin))]).toEqual([undefined, 'https://app.example']);
  });
});

describe('without an object, one sentence and 1', () => {
  test.for([
    [404, 'there is no such object (404)'],
    [401, 'it asks for credentials (401)'],
  ] as const)('%d', async ([status, message]) => {
    const url = await serve((_, response) => void response.writeHead(status).end());
    const { code, out, err } = await check(`${url}/a.bin?x=1`);
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(`rangeway: ${url}/a.bin?x=… can't be checked: ${message}`);
  });

  test('nothing listens, as text and as JSON', async () => {
    const url = (await freeUrl()).href;
    const { code, out, err } = await check(url);
    expect([code, out, err]).toEqual([
      1,
      '',
      `rangeway: ${url} can't be checked: nothing listens there (connection refused)\n`,
    ]);
    const json = await check(url, '--json');
    expect([json.code, JSON.parse(json.out)]).toMatchObject([
      1,
      { resumable: false, summary: 'nothing listens there (connection refused)', checks: [] },
    ]);
  });
});

test('--timeout limits a request', async () => {
  const url = await serve(() => undefined);
  const { code, err } = await check(url, '--timeout', '1s');
  expect([code, err]).toEqual([1, `rangeway: ${url}/ can't be checked: there was no response within 1 seconds\n`]);
});
