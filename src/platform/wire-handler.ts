import { buildQueryString } from '@smithy/core/protocols';
import { HttpResponse, type HttpRequest } from '@smithy/core/transport';
import { streamOf } from '../store/chunk-stream.ts';
import { http1Transport, type Http1Options } from './node/http1/http1-transport.ts';

/** Sends requests for the SDK, in the place of its own handler. */
export interface WireHandler {
  /** A request without a body. Rejects where no answer comes, with the signal's reason where it fires. */
  handle(
    request: HttpRequest,
    options?: { readonly abortSignal?: unknown },
  ): Promise<{ readonly response: HttpResponse }>;
  /** Connections that a request or a body is on. */
  inUse(): number;
  destroy(): void;
  /** The SDK's: there are no settings that could be changed. */
  updateHttpClientConfig(): void;
  httpHandlerConfigs(): object;
}

/** The HTTP/1.1 transport in the shape of the SDK's handlers, as long as the S3 driver sends through the SDK. */
export function wireHandler(options: Http1Options): WireHandler {
  const transport = http1Transport(options);
  return {
    async handle(request, { abortSignal } = {}) {
      if (request.body !== undefined) throw new TypeError('a request for reading has no body');
      const { method } = request;
      if (method !== 'GET' && method !== 'HEAD') throw new TypeError(`a request for reading is no ${method}`);
      const { status, fields, body } = await transport({
        method,
        url: toUrl(request),
        // The address has it.
        fields: Object.fromEntries(Object.entries(request.headers).filter(([name]) => name !== 'host')),
        signal: abortSignal instanceof AbortSignal ? abortSignal : undefined,
      });
      return {
        response: new HttpResponse({
          statusCode: status,
          headers: { ...fields },
          body: body ?? streamOf(new Uint8Array()),
        }),
      };
    },
    inUse: () => transport.inUse(),
    destroy: () => transport.destroy(),
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  };
}

function toUrl({ protocol, hostname, port, path, query }: HttpRequest): string {
  const asked = buildQueryString(query);
  return `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}${asked === '' ? '' : `?${asked}`}`;
}
