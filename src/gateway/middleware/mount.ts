import type { MiddlewareHandler } from 'hono';
import { portableBodyPipe, type BodyPipe } from '../download/body-pipe.ts';
import { gatewayRequestOf, type GatewayEnv, addressOf, fieldsOf } from '../gateway-request.ts';
import { openMounts, type MountOptions, type SeveralMounts } from '../open-mounts.ts';
import { matchMount, type Mount } from '../match-mount.ts';

/**
 * Finds the mount and the key that a request is for, below the path of the route that it stands at. It refuses nothing
 * itself: `authorize()` and the handlers answer 404 where there is no mount, and 400 or 414 where there can be no key.
 *
 * @param options of one mount, or several
 * @param bodyPipe how bytes move on this platform
 * @throws SettingsError naming each field that is unknown or wrong, and what it takes
 * @example
 * app.use('/files/*', requestId(), mount({ mounts: [{ path: '/releases', store }, { path: '/data', store: other }] }));
 */
export function mount(
  options: (MountOptions & { readonly mounts?: undefined }) | SeveralMounts,
  bodyPipe: BodyPipe = portableBodyPipe,
): MiddlewareHandler<GatewayEnv> {
  return mountMiddleware(openMounts(options, bodyPipe));
}

/** The same for mounts that are open. */
export function mountMiddleware(mounts: readonly Mount[]): MiddlewareHandler<GatewayEnv> {
  return (c, next) => {
    const request = gatewayRequestOf(c, 'mount()');
    // The getter of the app's own hono, whichever copy that is; `hono/route` knows the contexts of its own copy alone.
    const { raw, routePath } = c.req;
    const { platform } = request;
    const match = matchMount(mounts, addressOf(platform, raw), fieldsOf(platform, raw), routePath);
    request.match = match;
    if (match.type === 'found') {
      request.shared.mount = match.mount.at;
      request.shared.key = match.key;
    }
    return next();
  };
}
