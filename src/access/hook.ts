import { granted, refused, type AccessRequest, type AccessRule } from './access.ts';

/**
 * A rule in code: may this request read? For more than yes and no, write an {@link AccessRule} itself. What it throws
 * refuses the request, and the log has the error. A hook that looks only at what browsers send by themselves, such as
 * the client's address or a cookie, goes into {@link ambient}.
 */
export function hookAccess(hook: (request: AccessRequest) => boolean | Promise<boolean>): AccessRule {
  return async (request) => ((await hook(request)) ? granted() : refused('forbidden'));
}
