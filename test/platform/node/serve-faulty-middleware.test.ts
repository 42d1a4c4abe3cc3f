import { Hono, type MiddlewareHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { timeout } from 'hono/timeout';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  accessLog,
  authorize,
  concurrencyLimit,
  createGateway,
  download,
  mount,
  requestId,
  type RangewayEnv,
} from '../../../src/index.ts';
import { type FetchHandler } from '../../../src/platform/node/index.ts';
import { serve } from '../../../src/platform/node/serve.ts';
import { countedStore } from '../../gateway/open-body-counter.ts';
import { middlewareFaults } from '../../gateway/middleware/faulty-middleware.ts';
import { recordingObserver, type RecordingObserver } from '../../gateway/recording-observer.ts';

beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(() => undefined));
afterEach(() => void vi.restoreAllMocks());

type Store = ReturnType<typeof countedStore>['store'];

/** Apps with a concurrency limit of 1, and a middleware at this place. */
const places: Readonly<
  Record<string, (middleware: MiddlewareHandler, store: Store, watched: RecordingObserver) => Hono<RangewayEnv>>
> = {
  'around a gateway': (middleware, store, watched) =>
    new Hono<RangewayEnv>()
      .use(middleware)
      .route('/', createGateway({ store, observers: [watched], limits: { downloads: 1, idleTimeout: 50 } })),
  'before all parts': (middleware, store, watched) => composed([middleware], [], store, watched),
  'between the limit and the handler': (middleware, store, watched) => composed([], [middleware], store, watched),
};

function composed(
  before: readonly MiddlewareHandler[],
  between: readonly MiddlewareHandler[],
  store: Store,
  watched: RecordingObserver,
): Hono<RangewayEnv> {
  const app = new Hono<RangewayEnv>();
  for (const one of before) app.use(one);
  app.use(requestId(), accessLog([watched]), concurrencyLimit(1), mount({ store }), authorize());
  for (const one of between) app.use(one);
  app.get('*', download({ idleTimeout: 50 }));
  return app;
}

/** Sends a request over a socket. */
async function overSocket(app: FetchHandler, times: (ask: () => Promise<number | 'broken'>) => Promise<void>) {
  const server = await serve(app, { port: 0 });
  try {
    await times(() => statusOf(() => fetch(`${server.url}/key`)));
  } finally {
    await server.stop(100);
  }
}

async function statusOf(ask: () => Response | Promise<Response>): Promise<number | 'broken'> {
  try {
    const response = await ask();
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 'broken';
  }
}

const rows = Object.keys(places).flatMap((place) =>
  Object.keys(middlewareFaults).map((name) => [place, name] as const),
);

describe('slot and body of a response are released, and its event is sent', () => {
  test.for(rows)('at once by the Node server: %s, a middleware that %s', async ([place, name]) => {
    const misdeed = middlewareFaults[name];
    if (misdeed === undefined) throw new Error(name);
    const { store, open } = countedStore();
    const watched = recordingObserver();
    const app = places[place]?.(misdeed.middleware, store, watched);
    if (app === undefined) throw new Error(place);
    const seen: (number | 'broken')[] = [];
    const isSeen = misdeed.isAnswered || place.startsWith('between');
    await overSocket(app, async (ask) => {
      for (let i = 1; i <= 3; i++) {
        seen.push(await ask());
        // Well before the idle timeout of a minute: a dropped body is closed when the response is sent.
        await expect.poll(() => watched.ends).toHaveLength(isSeen ? i : 0);
        await expect.poll(open).toBe(0);
      }
    });
    expect(seen).toEqual([misdeed.status, misdeed.status, misdeed.status]);
    expect(watched.ends.filter(({ status }) => status === 503)).toEqual([]);
  });

  test.for(rows)('by the idle timeout without a server: %s, a middleware that %s', async ([place, name]) => {
    const misdeed = middlewareFaults[name];
    if (misdeed === undefined) throw new Error(name);
    const { store, open } = countedStore();
    const watched = recordingObserver();
    const app = places[place]?.(misdeed.middleware, store, watched);
    if (app === undefined) throw new Error(place);
    const isSeen = misdeed.isAnswered || place.startsWith('between');
    for (let i = 1; i <= 3; i++) {
      await statusOf(() => app.request('/key'));
      await expect.poll(() => watched.ends).toHaveLength(isSeen ? i : 0);
      await expect.poll(open).toBe(0);
    }
    expect(watched.ends.filter(({ status }) => status === 503)).toEqual([]);
  });
});

describe('a middleware that responds before the handlers after it', () => {
  const wait = (until: Promise<unknown>): MiddlewareHandler =>
    async function waiting(_c, next) {
      await until;
      await next();
    };

  test('while the storage opens: the body is closed, and no start event follows the end event', async () => {
    const { promise: slow, resolve: goOn } = Promise.withResolvers<undefined>();
    const { store, open } = countedStore();
    const watched = recordingObserver();
    const late = { ...store, read: async (...all: Parameters<Store['read']>) => (await slow, store.read(...all)) };
    const app = composed([], [timeout(250)], late, watched);
    await overSocket(app, async (ask) => {
      expect([await ask(), await ask()]).toEqual([504, 504]);
      await expect.poll(() => watched.ends).toHaveLength(2);
      goOn(undefined);
      await slow;
      // Bodies that were opened late are closed; the next response has its own.
      await expect.poll(ask).toBe(200);
      await expect.poll(open).toBe(0);
    });
    expect(watched.starts.map(({ status }) => status)).toEqual([200]);
  });

  test('before the gateway is reached: no slot is taken', async () => {
    const { promise: slow, resolve: goOn } = Promise.withResolvers<undefined>();
    const { store, open } = countedStore();
    const watched = recordingObserver();
    const errors: string[] = [];
    const app = new Hono<RangewayEnv>().onError((error, c) => {
      errors.push(error.message);
      return c.text('failed', error instanceof HTTPException ? error.status : 500);
    });
    app.use(
      requestId(),
      accessLog([watched]),
      timeout(250),
      wait(slow),
      concurrencyLimit(1),
      mount({ store }),
      authorize(),
    );
    app.get('*', download());
    await overSocket(app, async (ask) => {
      expect([await ask(), await ask()]).toEqual([504, 504]);
      goOn(undefined);
      await expect
        .poll(() => errors.filter((error) => error.startsWith('concurrencyLimit() was reached after')))
        .toHaveLength(2);
      expect([await ask(), await ask()]).toEqual([200, 200]);
      await expect.poll(open).toBe(0);
    });
  });
});
