import { expect, test } from 'vitest';
import { portableBodyPipe, type BodyPipe } from '../../../src/gateway/download/body-pipe.ts';
import { createGateway, type GatewayOptions } from '../../../src/gateway/create-gateway.ts';
import { logObserver, type LogEntry, type Logged } from '../../../src/observe/log.ts';
import type { ReadResult } from '../../../src/store/object-store.ts';
import { storeError } from '../../../src/store/store-error.ts';
import { bodyOf, representation, storeDouble } from '../store-double.ts';

const FOUR = Uint8Array.of(1, 2, 3, 4);

/** A gateway over one object of four bytes, which counts the bodies of its pipe. As on Workers, bodies may be passed through. */
function gatewayOver(
  answer: () => ReadResult,
  { logged, ...options }: Partial<GatewayOptions> & { readonly logged: Logged },
) {
  const entries: LogEntry[] = [];
  let piped = 0;
  const pipe: BodyPipe['pipe'] = (one) => (piped++, portableBodyPipe.pipe(one));
  const bodyPipe: BodyPipe = { ...portableBodyPipe, pipe, isNative: true };
  const store = storeDouble({ read: answer });
  const gateway = createGateway({
    store,
    bodyPipe,
    resume: false,
    observers: [logObserver((entry) => entries.push(entry), logged)],
    ...options,
  });
  return { gateway, entries, piped: () => piped };
}

const opened =
  (hasNativeLength: boolean, body = () => bodyOf([FOUR])) =>
  (): ReadResult => ({
    type: 'open',
    representation: representation(4),
    span: { start: 0, end: 4 },
    body: body(),
    hasNativeLength,
  });

test.each([
  ['errors', true, {}, 0],
  ['errors', false, {}, 1],
  ['requests', true, {}, 1],
  // An observer of downloads needs the end of each body.
  ['errors', true, { limits: { downloads: 2 } }, 1],
] as const)(
  'logged %s, native length %s, %j: %i bodies through the pipe',
  async (logged, hasNativeLength, options, through) => {
    const { gateway, piped } = gatewayOver(opened(hasNativeLength), { logged, ...options });
    const response = await gateway.request('/four');
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(FOUR);
    expect([response.status, response.headers.get('Content-Length'), piped()]).toEqual([200, '4', through]);
  },
);

test('a resumed body is not passed through unobserved', async () => {
  const { gateway, piped } = gatewayOver(opened(true), { logged: 'errors', resume: true });
  expect((await (await gateway.request('/four')).arrayBuffer()).byteLength).toBe(4);
  expect(piped()).toBe(1);
});

test('a successful request makes no entry if only errors are logged', async () => {
  const { gateway, entries } = gatewayOver(opened(false), { logged: 'errors' });
  await (await gateway.request('/four')).arrayBuffer();
  await gateway.request('/four', { method: 'DELETE' });
  expect(entries).toEqual([]);
});

test('an error makes an entry, before the first byte and after it', async () => {
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
