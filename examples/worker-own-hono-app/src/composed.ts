import { Hono } from 'hono';
import {
  accessLog,
  authorize,
  concurrencyLimit,
  cors,
  download,
  logObserver,
  methodNotAllowed,
  mount,
  onError,
  options,
  requestId,
  type BodyPipe,
  type MountOptions,
  type Observer,
  type RangewayEnv,
} from 'rangeway';

/** The parts of a gateway below /files, with a middleware and an observer of the app between them. */
export function createComposed(files: MountOptions, bodyPipe?: BodyPipe) {
  const counts = new Map<string, number>();
  const app = new Hono<RangewayEnv>().onError(onError);
  app.use('/files/*', requestId(), accessLog([logObserver(), byteCounter(counts)]), cors(), mount(files, bodyPipe));
  app.use('/files/*', async (c, next) => {
    c.header('X-Served-By', 'my app');
    await next();
    c.header('Server-Timing', `reads;desc="${c.var.rangeway.stats.operations}"`);
  });
  app.get('/files/*', concurrencyLimit(100), authorize(), download());
  app.options('/files/*', options());
  app.all('/files/*', methodNotAllowed());
  app.get('/info/*', requestId(), cors(), mount(files, bodyPipe), authorize(), (c) =>
    c.json({ key: c.var.rangeway.key, isPrivate: c.var.rangeway.grant?.isPrivate }),
  );
  // This shows the keys of objects: if reading them needs a rule, protect this route too.
  app.get('/counts', (c) => c.json(Object.fromEntries(counts)));
  return app;
}

/** An observer that counts the bytes of each object that were sent to clients. */
function byteCounter(counts: Map<string, number>): Observer {
  return {
    end({ key, delivered }) {
      if (key === undefined || delivered === 'unknown') return;
      for (const { start, end } of delivered) counts.set(key, (counts.get(key) ?? 0) + end - start);
    },
  };
}
