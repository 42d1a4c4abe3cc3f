import type { Handler } from 'hono';
import type { HeaderList } from '../../http/index.ts';
import { gatewayRequestOf, type GatewayEnv } from '../gateway-request.ts';
import { respond } from '../handle-request.ts';
import { PAGE_SCRIPT, PAGE_SCRIPT_PATH } from '../page-script.ts';
import { emptyReply } from '../reply.ts';

/** The address of the script for pages of others, which leads to the current one. */
export const PAGE_SCRIPT_NAME = 'download.js';

/** A page of any origin may load the script: it is the same for all. */
const OPEN: HeaderList = [
  ['Access-Control-Allow-Origin', '*'],
  ['Cross-Origin-Resource-Policy', 'cross-origin'],
  ['X-Content-Type-Options', 'nosniff'],
];

const SCRIPT_FIELDS: HeaderList = [
  ['Content-Type', 'text/javascript; charset=utf-8'],
  ['Content-Length', String(PAGE_SCRIPT.length)],
  // Another script has another address (RFC 8246).
  ['Cache-Control', 'public, max-age=31536000, immutable'],
  ...OPEN,
];

/**
 * Serves the script that defines `<rangeway-download>`, for the route `.rangeway/assets/*` and, as a redirect to it,
 * `.rangeway/download.js`. The script's name has its hash, so caches keep it for a year.
 *
 * @returns a handler for GET and HEAD. It throws an Error if `requestId()` does not run before it
 * @example
 * import { Hono } from 'hono';
 * import { pageAssets, requestId } from 'rangeway';
 *
 * const app = new Hono();
 * app.get('/.rangeway/assets/*', requestId(), pageAssets());
 * app.get('/.rangeway/download.js', requestId(), pageAssets());
 */
export function pageAssets(): Handler<GatewayEnv> {
  return (c, next) => {
    const request = gatewayRequestOf(c, 'pageAssets()');
    const { pathname } = new URL(c.req.raw.url);
    if (pathname.endsWith(`/${PAGE_SCRIPT_NAME}`)) {
      const location: HeaderList = [['Location', PAGE_SCRIPT_PATH], ['Cache-Control', 'public, max-age=300'], ...OPEN];
      return respond(c, request, emptyReply(307, location));
    }
    if (!pathname.endsWith(`/${PAGE_SCRIPT_PATH}`)) return next();
    const body = c.req.raw.method === 'HEAD' ? null : PAGE_SCRIPT;
    return respond(c, request, { status: 200, fields: SCRIPT_FIELDS, body });
  };
}
