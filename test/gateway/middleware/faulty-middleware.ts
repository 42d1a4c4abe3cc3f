import type { MiddlewareHandler } from 'hono';

/** A fault of a custom middleware, or its change of a response of the gateway. */
export interface MiddlewareFault {
  readonly middleware: MiddlewareHandler;
  /** Of the response; `broken` if the body does not have the length in Content-Length. */
  readonly status: number | 'broken';
  /** Whether the handlers after it have responded. */
  readonly isAnswered: boolean;
}

const thrown = (what: unknown): MiddlewareHandler =>
  async function fail() {
    throw what;
  };

const thrownAfter = (what: unknown): MiddlewareHandler =>
  async function fail(_c, next) {
    await next();
    throw what;
  };

/** Replaces the response by another one, without its header fields. */
const replace = (toResponse: () => Response): MiddlewareHandler =>
  async function drop(c, next) {
    await next();
    c.res = undefined;
    c.res = toResponse();
  };

export const middlewareFaults: Readonly<Record<string, MiddlewareFault>> = {
  'throws before next()': { middleware: thrown(new Error('of a user')), status: 500, isAnswered: false },
  'rejects with no Error before next()': { middleware: thrown('text'), status: 500, isAnswered: false },
  // The error text is sent with the Content-Length of the replaced response.
  'throws after next()': { middleware: thrownAfter(new Error('of a user')), status: 'broken', isAnswered: true },
  'rejects with no Error after next()': { middleware: thrownAfter(undefined), status: 500, isAnswered: true },
  'calls next() twice': {
    async middleware(_c, next) {
      await next();
      await next();
    },
    status: 'broken',
    isAnswered: true,
  },
  'calls next() twice at once': {
    async middleware(_c, next) {
      await Promise.all([next(), next()]);
    },
    status: 500,
    isAnswered: true,
  },
  'answers without next()': {
    middleware: async () => new Response('instead', { status: 299 }),
    status: 299,
    isAnswered: false,
  },
  'answers in its place': {
    middleware: replace(() => new Response('x', { status: 299 })),
    status: 299,
    isAnswered: true,
  },
  'drops it for one without a body': {
    middleware: replace(() => new Response(null, { status: 204 })),
    status: 204,
    isAnswered: true,
  },
  'answers twice, of which the first counts': {
    async middleware(c, next) {
      await next();
      return c.text('too late');
    },
    status: 200,
    isAnswered: true,
  },
  'reads the beginning and drops it': {
    async middleware(c, next) {
      await next();
      const reader = c.res.body?.getReader();
      await reader?.read();
      c.res = undefined;
      c.res = new Response('x', { status: 299 });
    },
    status: 299,
    isAnswered: true,
  },
  'clones it and drops both': {
    async middleware(c, next) {
      await next();
      const copy = c.res.clone();
      c.res = undefined;
      c.res = new Response(String(copy.status), { status: 299 });
    },
    status: 299,
    isAnswered: true,
  },
  'cancels the body': {
    async middleware(c, next) {
      await next();
      await c.res.body?.cancel();
      c.res = undefined;
      c.res = new Response('x', { status: 299 });
    },
    status: 299,
    isAnswered: true,
  },
  'forgets to wait for next()': {
    async middleware(_c, next) {
      void next();
      return new Response('instead', { status: 299 });
    },
    status: 299,
    isAnswered: true,
  },
};
