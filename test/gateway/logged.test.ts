import { expect, test } from 'vitest';
import { portableConduit, type Conduit } from '../../src/gateway/download/body-pipe.ts';
import { createGateway, type GatewayOptions } from '../../src/gateway/create-gateway.ts';
import { logObserver, type LogEntry, type Logged } from '../../src/observe/log.ts';
import type { ReadResult } from '../../src/store/object-store.ts';
import { storeError } from '../../src/store/store-error.ts';
import { bodyOf, representation, storeDouble } from './doubles.ts';

const FOUR = Uint8Array.of(1, 2, 3, 4);

/** A gateway over one object of four bytes, that counts what its conduit is given. As on Workers, bodies may be passed on. */
function gatewayOver(
  answer: () => ReadResult,
  { logged, ...options }: Partial<GatewayOptions> & { readonly logged: Logged },
) {
  const entries: LogEntry[] = [];
  let dispatched = 0;
  const dispatch: Conduit['dispatch'] = (one) => (dispatched++, portableConduit.dispatch(one));
  const conduit: Conduit = { ...portableConduit, dispatch, isNative: true };
  const store = storeDouble({ read: answer });
  const gateway = createGateway({
    store,
    conduit,
    resume: false,
    observers: [logObserver((entry) => entries.push(entry), logged)],
    ...options,
  });
  return { gateway, entries, dispatched: () => dispatched };
}

const opened =
  (isSealed: boolean, body = () => bodyOf([FOUR])) =>
  (): ReadResult => ({
    type: 'open',
    representation: representation(4),
    span: { start: 0, end: 4 },
    body: body(),
    isSealed,
  });

test.each([
  ['errors', true, {}, 0],
  ['errors', false, {}, 1],
  ['requests', true, {}, 1],
  // Who counts downloads has to know when each ends.
  ['errors', true, { limits: { downloads: 2 } }, 1],
] as const)('logged %s, sealed %s, %j: %i bodies through the conduit', async (logged, isSealed, options, through) => {
  const { gateway, dispatched } = gatewayOver(opened(isSealed), { logged, ...options });
  const response = await gateway.request('/four');
  expect(new Uint8Array(await response.arrayBuffer())).toEqual(FOUR);
  expect([response.status, response.headers.get('Content-Length'), dispatched()]).toEqual([200, '4', through]);
});

test('a body that is read on is not the sealed one any more', async () => {
  const { gateway, dispatched } = gatewayOver(opened(true), { logged: 'errors', resume: true });
  expect((await (await gateway.request('/four')).arrayBuffer()).byteLength).toBe(4);
  expect(dispatched()).toBe(1);
});

test('requests that are answered make no entry where errors are logged', async () => {
  const { gateway, entries } = gatewayOver(opened(false), { logged: 'errors' });
  await (await gateway.request('/four')).arrayBuffer();
  await gateway.request('/four', { method: 'DELETE' });
  expect(entries).toEqual([]);
});

test('an error makes one, before the first byte and after it', async () => {
  const failing = gatewayOver(
    () => {
      throw storeError('unavailable', 'out of reach');
    },
    { logged: 'errors' },
  );
  expect((await failing.gateway.request('/four')).status).toBe(503);
  const broken = gatewayOver(
    opened(false, () => bodyOf([FOUR.subarray(2)], new Error('reset'))),
    { logged: 'errors' },
  );
  await expect((await broken.gateway.request('/four')).arrayBuffer()).rejects.toThrow();
  await expect
    .poll(() => [...failing.entries, ...broken.entries])
    .toMatchObject([
      { status: 503, outcome: 'failed' },
      { status: 200, outcome: 'failed', error: expect.stringContaining('reset') },
    ]);
});
