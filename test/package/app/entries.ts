import { memoryStore, type GatewayOptions } from 'rangeway';
import { jwtAccess } from 'rangeway/jwt';
import { handle, streamHandle } from 'rangeway/lambda';
import { openNodeConfig, parseConfig } from 'rangeway/node';
import { createApp } from './app.ts';

/** All entries that need no AWS SDK, used in one module. */
const options: GatewayOptions = {
  store: memoryStore(),
  access: jwtAccess({
    key: { type: 'secret', secret: 'x'.repeat(32) },
    issuer: 'https://example.com',
    audience: 'files',
  }),
};
const app = createApp(options);
const opened = await openNodeConfig(parseConfig({}), memoryStore());
console.log([typeof handle(app), typeof streamHandle(app), opened.mounts.length].join());
