import { Hono, type Handler, type MiddlewareHandler } from 'hono';
import { expect, test } from 'vitest';
import {
  accessLog,
  authorize,
  concurrencyLimit,
  cors,
  download,
  memoryStore,
  methodNotAllowed,
  mount,
  options,
  purge,
  requestId,
  type RangewayEnv,
} from '../../../src/index.ts';

const TOKEN = 'a-token-that-nobody-guesses-0123456789';
const store = memoryStore();
await store.put('key', new TextEncoder().encode('bytes'));

type Part = MiddlewareHandler | Handler;

const needsRequestId: Readonly<Record<string, Part>> = {
  'accessLog()': accessLog([]),
  'cors()': cors(),
  'concurrencyLimit()': concurrencyLimit(1),
  'mount()': mount({ store }),
  'authorize()': authorize(),
  'download()': download(),
  'purge()': purge({ token: TOKEN }),
  'options()': options(),
  'methodNotAllowed()': methodNotAllowed(),
};

const needsMount: Readonly<Record<string, Part>> = {
  'authorize()': authorize(),
  'download()': download(),
  'purge()': purge({ token: TOKEN }),
};

/** The response of an app with these handlers to its first request, and the error it throws. */
async function ask(...parts: readonly Part[]) {
  const errors: string[] = [];
  const app = new Hono<RangewayEnv>().onError((error, c) => {
    errors.push(error.message);
    return c.text('failed', 500);
  });
  for (const part of parts) app.use('/files/*', part);
  const response = await app.request('/files/key', { headers: { Authorization: `Bearer ${TOKEN}` } });
  return { status: response.status, text: await response.text(), errors };
}

test.for(Object.entries(needsRequestId))('%s without requestId() throws at the first request', async ([name, part]) => {
  const expected = {
    status: 500,
    text: 'failed',
    errors: [`${name} needs requestId() before it: app.use(requestId(), …)`],
  };
  expect(await ask(part)).toEqual(expected);
  // It must come before, not after.
  expect(await ask(part, requestId())).toEqual(expected);
});

test.for(Object.entries(needsMount))('%s without mount() throws at the first request', async ([name, part]) => {
  const message = `${name} needs mount() before it: app.use(requestId(), mount(…), …)`;
  const expected = { status: 500, text: 'failed', errors: [message] };
  expect(await ask(requestId(), part)).toEqual(expected);
  expect(await ask(requestId(), part, mount({ store }))).toEqual(expected);
});

test.for(['key', 'none', 'a%00b'])('download() without authorize() serves nothing: %s', async (key) => {
  const errors: string[] = [];
  const app = new Hono<RangewayEnv>().onError((error, c) => {
    errors.push(error.message);
    return c.text('failed', 500);
  });
  app.use('/files/*', requestId(), mount({ store }));
  app.get('/files/*', download(), authorize());
  for (const method of ['GET', 'HEAD']) {
    const response = await app.request(`/files/${key}`, { method });
    expect(await response.text()).not.toContain('bytes');
    expect(response.status).toBe(key === 'a%00b' ? 400 : 500);
  }
  const message = 'download() needs authorize() before it, which asks the rule of the mount';
  expect(errors).toEqual(key === 'a%00b' ? [] : [message, message]);
});

test('in the right order the request is served', async () => {
  const parts = [requestId(), accessLog([]), cors(), concurrencyLimit(1), mount({ store }), authorize(), download()];
  expect(await ask(...parts)).toEqual({ status: 200, text: 'bytes', errors: [] });
});
