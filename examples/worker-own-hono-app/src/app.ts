import { Hono } from 'hono';
import { createGateway, type GatewayOptions } from 'rangeway';

/** An app: a field on every response, a route of its own, and the gateway below /files. */
export function createApp(options: GatewayOptions) {
  return new Hono()
    .use(async (c, next) => {
      await next();
      c.header('X-Served-By', 'my app');
    })
    .get('/about', (c) => c.json({ files: '/files/' }))
    .route('/files', createGateway(options));
}
