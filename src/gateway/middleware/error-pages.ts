import type { MiddlewareHandler } from 'hono';
import { PROBLEM_TYPE, qualityOf, type Fields } from '../../http/index.ts';
import { printProblem } from '../../listing/print-problem.ts';
import { PAGE_POLICY } from '../../listing/style.ts';
import { gatewayRequestOf, type GatewayEnv } from '../gateway-request.ts';
import type { Reply } from '../reply.ts';

/**
 * Answers errors with a page instead of a problem document if the client prefers `text/html`, as a browser does for an
 * address that a person opens. Scripts, images and other clients get the problem document.
 *
 * @returns a middleware. It throws an Error if `requestId()` does not run before it
 * @example
 * import { Hono } from 'hono';
 * import { authorize, download, errorPages, memoryStore, mount, requestId } from 'rangeway';
 *
 * const app = new Hono();
 * app.use('/files/*', requestId(), errorPages(), mount({ store: memoryStore() }));
 * app.get('/files/*', authorize(), download());
 */
export function errorPages(): MiddlewareHandler<GatewayEnv> {
  return (c, next) => {
    gatewayRequestOf(c, 'errorPages()').toErrorPage = toErrorPage;
    return next();
  };
}

/** Returns the page of an error if the client prefers pages, else the reply itself. */
export function toErrorPage(reply: Reply, fields: Fields, requestId: string): Reply {
  return prefersPage(fields) ? pageOfProblem(reply, requestId) : reply;
}

/** Returns whether a client prefers pages to JSON. Clients that accept all types alike do not. */
export function prefersPage(fields: Fields): boolean {
  const accept = fields.get('Accept');
  return accept !== null && qualityOf(accept, 'text/html') > qualityOf(accept, PROBLEM_TYPE);
}

function pageOfProblem(reply: Reply, requestId: string): Reply {
  const { problem, body, fields } = reply;
  if (problem === undefined) return reply;
  const page = printProblem({ ...problem, requestId });
  const replaced = new Map([
    ['Content-Type', 'text/html; charset=utf-8'],
    ['Content-Length', String(new TextEncoder().encode(page).length)],
  ]);
  return {
    ...reply,
    fields: [
      ...fields.map(([name, value]) => [name, replaced.get(name) ?? value] as const),
      ['Content-Security-Policy', PAGE_POLICY],
    ],
    body: body === null ? null : page,
  };
}
