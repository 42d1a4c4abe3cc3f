import { describe, expect, test } from 'vitest';
import { createGateway } from '../../../src/platform/node/index.ts';
import { serve } from '../../../src/platform/node/serve.ts';
import { memoryStore } from '../../../src/store/drivers/memory.ts';
import { send } from '../../conformance/wire.ts';

const text = (value: string) => new TextEncoder().encode(value);

describe('the host of a request on Node', () => {
  async function withServer(
    run: (ask: (target: string, hosts: readonly string[]) => Promise<string>) => Promise<void>,
  ) {
    const mounts = await Promise.all(
      ['any', 'one.example', 'two.example'].map(async (name) => {
        const store = memoryStore();
        await store.put('a', text(name));
        return { store, host: name === 'any' ? undefined : name };
      }),
    );
    const server = await serve(createGateway({ mounts, observers: [{ end: () => undefined }] }), { port: 0 });
    const origin = { host: '127.0.0.1', port: Number(new URL(server.url).port) };
    try {
      await run(async (target, hosts) => {
        const headers = hosts.map((host) => ['Host', host] as const);
        const { status, body } = await send(origin, { method: 'GET', target, headers });
        return status === 200 ? Buffer.from(body).toString() : String(status);
      });
    } finally {
      await server.stop(1_000);
    }
  }

  test('the host of the target takes precedence over Host, and two Host fields are refused', () =>
    withServer(async (ask) => {
      expect(await ask('/a', ['one.example'])).toBe('one.example');
      expect(await ask('/a', ['ONE.example:99'])).toBe('one.example');
      expect(await ask('/a', ['other.example'])).toBe('any');
      // RFC 9112 §3.2.2
      expect(await ask('http://two.example/a', ['one.example'])).toBe('two.example');
      expect(await ask('http://two.example:99/a', ['one.example'])).toBe('two.example');
      expect(await ask('HTTPS://other.example/a', ['one.example'])).toBe('any');
      // A trailing dot marks an absolute name (RFC 3986 §3.2.2): it is the same host.
      expect(await ask('/a', ['one.example.'])).toBe('one.example');
      expect(await ask('/a', ['One.Example.:99'])).toBe('one.example');
      expect(await ask('http://two.example./a', ['one.example'])).toBe('two.example');
      expect(await ask('http://two.example.:99/a', ['one.example'])).toBe('two.example');
      expect(await ask('http://two.example.:80/a', ['one.example'])).toBe('two.example');
      // RFC 9112 §3.2
      expect(await ask('/a', ['one.example', 'two.example'])).toBe('400');
      expect(await ask('/a', ['one.example, two.example'])).toBe('400');
      for (const target of ['ftp://one.example/a', 'one.example/a', 'data:,a', 'http:///a', 'http://u:p@one.example/a'])
        expect([target, await ask(target, ['one.example'])]).toEqual([target, '400']);
      // A path without a host.
      expect(await ask('//one.example/a', ['two.example'])).toBe('404');
      expect(await ask('/a', ['one.example#@two.example'])).toBe('any');
    }));
});

test('a rule gets web Headers, with all lines of a name', async () => {
  const seen: (readonly [boolean, string | null, string | null])[] = [];
  const gateway = createGateway({
    store: memoryStore(),
    observers: [{ end: () => undefined }],
    access: ({ headers }) => {
      seen.push([headers instanceof Headers, headers.get('authorization'), headers.get('X-Two')]);
      return { type: 'refused', reason: 'forbidden' };
    },
  });
  const server = await serve(gateway, { port: 0 });
  const origin = { host: '127.0.0.1', port: Number(new URL(server.url).port) };
  const headers = [['Authorization', 'Bearer x'] as const, ['X-Two', '1'] as const, ['x-two', '2'] as const];
  await send(origin, { method: 'GET', target: '/a', headers });
  await server.stop(1_000);
  expect(seen).toEqual([[true, 'Bearer x', '1, 2']]);
});

describe('the client address on Node', () => {
  test.for<readonly [trusted: number, forwarded: readonly string[], seen: string | undefined]>([
    [0, ['203.0.113.9'], '127.0.0.1'],
    [1, ['203.0.113.9'], '203.0.113.9'],
    [1, ['10.0.0.1, 203.0.113.9'], '203.0.113.9'],
    [1, ['10.0.0.1', '203.0.113.9'], '203.0.113.9'],
    [2, ['10.0.0.1, 203.0.113.9, 198.51.100.1'], '203.0.113.9'],
    [2, ['203.0.113.9'], undefined],
    [1, [], ''],
  ])('behind %i trusted proxies with the fields %j: %s', async ([trustedProxies, forwarded, seen]) => {
    const addresses: (string | undefined)[] = [];
    const gateway = createGateway({
      store: memoryStore(),
      observers: [{ end: () => undefined }],
      access: ({ clientAddress }) => {
        addresses.push(clientAddress);
        return { type: 'refused', reason: 'forbidden' };
      },
    });
    const server = await serve(gateway, { port: 0, trustedProxies });
    const headers = forwarded.map((value) => ['X-Forwarded-For', value] as const);
    const origin = { host: '127.0.0.1', port: Number(new URL(server.url).port) };
    await send(origin, { method: 'GET', target: '/a', headers });
    await server.stop(1_000);
    expect(addresses).toEqual([seen]);
  });
});
