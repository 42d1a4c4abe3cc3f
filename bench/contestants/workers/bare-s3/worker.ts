import { env } from 'cloudflare:workers';

declare global {
  namespace Cloudflare {
    interface Env {
      /** URL of the bucket, without a slash at its end. */
      readonly ORIGIN: string;
    }
  }
}

/** The minimum of a Worker over an S3 API: one unsigned request with the client's header fields. */
export default {
  fetch: (request: Request): Promise<Response> =>
    fetch(env.ORIGIN + new URL(request.url).pathname, { method: request.method, headers: request.headers }),
};
