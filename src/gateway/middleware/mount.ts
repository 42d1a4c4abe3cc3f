import type { MiddlewareHandler } from 'hono';
import { portableBodyPipe, type BodyPipe } from '../download/body-pipe.ts';
import { gatewayRequestOf, type GatewayEnv, addressOf, fieldsOf } from '../gateway-request.ts';
import { openMounts, type TableMountOptions, type MountTableOptions } from '../open-mounts.ts';
import { matchMount, type Mount } from '../match-mount.ts';

/**
 * Finds the mount and the key of a request, below the path of its route. It refuses no request itself: `authorize()`
 * and the handlers respond with 404 if there is no mount, and with 400 or 414 if there can be no key.
 *
 * @param options of one mount, or of several
 * @param bodyPipe pipes bodies to clients; by default in JavaScript
 * @returns a middleware. It throws an Error if `requestId()` does not run before it
 * @throws SettingsError that names each field which is unknown or invalid, and the values that it takes
 * @example
 * import { Hono } from 'hono';
 * import { authorize, download, memoryStore, mount, requestId } from 'rangeway';
 *
 * const app = new Hono();
 * const mounts = [{ path: '/releases', store: memoryStore() }, { path: '/data', store: memoryStore() }];
 * app.use('/files/*', requestId(), mount({ mounts }));
 * app.get('/files/*', authorize(), download());
 */
export function mount(
  options: (TableMountOptions & { readonly mounts?: undefined }) | MountTableOptions,
  bodyPipe: BodyPipe = portableBodyPipe,
): MiddlewareHandler<GatewayEnv> {
  return mountMiddleware(openMounts(options, bodyPipe));
}

/** Like {@link mount}, for mounts whose options are already checked and whose stores are composed. */
export function mountMiddleware(mounts: readonly Mount[]): MiddlewareHandler<GatewayEnv> {
  return (c, next) => {
    const request = gatewayRequestOf(c, 'mount()');
    // The getter works with any copy of Hono. `hono/route` accepts only contexts of its own copy.
    const { raw, routePath } = c.req;
    const { platform } = request;
    const match = matchMount(mounts, addressOf(platform, raw), fieldsOf(platform, raw), routePath);
    request.match = match;
    if (match.type === 'found') {
      request.shared.mount = match.mount.location;
      request.shared.key = match.key;
    }
    return next();
  };
}
