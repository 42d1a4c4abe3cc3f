import type { MiddlewareHandler } from 'hono';
import { portableConduit, type Conduit } from '../download/body-pipe.ts';
import { exchangeOf, type ExchangeEnv } from '../gateway-request.ts';
import { addressOf, fieldsOf } from '../platform-env.ts';
import { openAll, type MountOptions, type SeveralMounts } from '../open-mounts.ts';
import { toPlace, type Mount } from '../match-mount.ts';

/**
 * Finds the mount and the key that a request is for, below the path of the route that it stands at. It refuses nothing
 * itself: `authorize()` and the handlers answer 404 where there is no mount, and 400 or 414 where there can be no key.
 *
 * @param options of one mount, or several
 * @param conduit how bytes move on this platform
 * @throws SettingsError naming each field that is unknown or wrong, and what it takes
 * @example
 * app.use('/files/*', requestId(), mount({ mounts: [{ path: '/releases', store }, { path: '/data', store: other }] }));
 */
export function mount(
  options: (MountOptions & { readonly mounts?: undefined }) | SeveralMounts,
  conduit: Conduit = portableConduit,
): MiddlewareHandler<ExchangeEnv> {
  return mountOf(openAll(options, conduit));
}

/** The same for mounts that are open. */
export function mountOf(mounts: readonly Mount[]): MiddlewareHandler<ExchangeEnv> {
  return (c, next) => {
    const exchange = exchangeOf(c, 'mount()');
    // The getter of the app's own hono, whichever copy that is; `hono/route` knows the contexts of its own copy alone.
    const { raw, routePath } = c.req;
    const { facts } = exchange;
    const place = toPlace(mounts, addressOf(facts, raw), fieldsOf(facts, raw), routePath);
    exchange.place = place;
    if (place.type === 'found') {
      exchange.shared.mount = place.mount.at;
      exchange.shared.key = place.key;
    }
    return next();
  };
}
