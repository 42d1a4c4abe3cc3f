import type { Handler } from 'hono';
import { settingsError } from '../../base/settings-error.ts';
import type { Metrics } from '../../observe/metrics/prometheus.ts';
import { fieldsOf, gatewayRequestOf, type GatewayEnv } from '../gateway-request.ts';
import { respondWith } from '../handle-request.ts';
import { problemReply } from '../reply.ts';
import { tokenGuard } from '../token-guard.ts';

/** Options of {@link metricsPage}. */
export interface MetricsPageOptions {
  readonly metrics: Metrics;
  /** The bearer token that the Authorization field has to contain, unless the metrics are public. */
  readonly token?: string | undefined;
}

/**
 * Answers with the numbers of a gateway, as OpenMetrics or in Prometheus' text format, to clients with the token.
 *
 * @returns a handler for routes of all methods; others than GET and HEAD get 405. It throws an Error if `requestId()`
 *   does not run before it
 * @throws SettingsError if there is no token, or if it is too short
 * @example
 * import { Hono } from 'hono';
 * import { accessLog, metricsPage, prometheusMetrics, requestId } from 'rangeway';
 *
 * const metrics = prometheusMetrics({ isPublic: true });
 * const app = new Hono();
 * app.use('/files/*', requestId(), accessLog([metrics.observer]));
 * app.all('/metrics', requestId(), metricsPage({ metrics }));
 */
export function metricsPage({ metrics, token }: MetricsPageOptions): Handler<GatewayEnv> {
  const isAllowed = metrics.isPublic ? undefined : guard(token);
  return (c) => {
    const request = gatewayRequestOf(c, 'metricsPage()');
    const { requestId, platform } = request;
    const { raw } = c.req;
    return respondWith(c, request, async () => {
      const headers = fieldsOf(platform, raw);
      if (isAllowed !== undefined && !(await isAllowed(headers))) {
        const fields = [['WWW-Authenticate', 'Bearer realm="rangeway"']] as const;
        return problemReply(401, 'Metrics take the token of the administrator.', requestId, raw.method, fields);
      }
      if (raw.method !== 'GET' && raw.method !== 'HEAD') {
        return problemReply(405, 'This address has GET and HEAD.', requestId, raw.method, [['Allow', 'GET, HEAD']]);
      }
      const snapshot = metrics.collect === undefined ? metrics.snapshot() : await metrics.collect();
      const { type, text } = metrics.print(snapshot, headers.get('Accept'));
      return {
        status: 200,
        fields: [
          ['Content-Type', type],
          ['Cache-Control', 'no-store'],
          ['Vary', 'Accept'],
          ['X-Content-Type-Options', 'nosniff'],
          ['Content-Length', String(new TextEncoder().encode(text).length)],
        ],
        body: raw.method === 'HEAD' ? null : text,
      };
    });
  };
}

function guard(token: string | undefined) {
  if (token !== undefined) return tokenGuard(token, 'admin.token');
  throw settingsError('takes admin.token too, or has to be "public"', 'metrics');
}
