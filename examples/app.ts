import { Hono } from 'hono';
import { createGateway, type GatewayOptions } from 'rangeway';

/** An app of one's own: a field on every answer, a route beside, and the gateway below /files. */
export function createApp(options: GatewayOptions) {
  return new Hono()
    .use(async (c, next) => {
      await next();
      c.header('X-Served-By', 'my app');
    })
    .get('/about', (c) => c.json({ files: '/files/' }))
    .route('/files', createGateway(options));
}
