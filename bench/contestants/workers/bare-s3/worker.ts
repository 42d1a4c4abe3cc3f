import { env } from 'cloudflare:workers';

declare global {
  namespace Cloudflare {
    interface Env {
      /** Address of the bucket, without a slash at its end. */
      readonly ORIGIN: string;
    }
  }
}

/** The least that a Worker over an S3 API can do: one request, unsigned, with the client's own fields. */
export default {
  fetch: (request: Request): Promise<Response> =>
    fetch(env.ORIGIN + new URL(request.url).pathname, { method: request.method, headers: request.headers }),
};
