import { buildQueryString } from '@smithy/core/protocols';
import { HttpResponse, type HttpRequest } from '@smithy/core/transport';
import { isFieldValue } from '../../http/index.ts';
import { chunkStream } from '../../store/chunk-stream.ts';
import { connectionsTo, type Connections } from './connections.ts';

/** What a handler holds to. */
export interface WireOptions {
  /** Connections to one origin at once. */
  readonly maxSockets: number;
  /** Until a connection stands, in ms. */
  readonly connectTimeout: number;
  /** Until the head of an answer is there, in ms. */
  readonly requestTimeout: number;
}

/** Sends requests for the SDK, in the place of its own handler. */
export interface WireHandler {
  /** A request without a body. Rejects where no answer comes, with an AbortError where the signal fires. */
  handle(
    request: HttpRequest,
    options?: { readonly abortSignal?: unknown },
  ): Promise<{ readonly response: HttpResponse }>;
  /** Of all origins, those that a request or a body is on. */
  inUse(): number;
  destroy(): void;
  /** The SDK's: there are no settings that could be changed. */
  updateHttpClientConfig(): void;
  httpHandlerConfigs(): object;
}

/** Makes a handler of HTTP/1.1 that reads bodies into memory that is used again: see decision 0013. */
export function wireHandler({ maxSockets, connectTimeout, requestTimeout }: WireOptions): WireHandler {
  const origins = new Map<string, Connections>();

  function connections({ protocol, hostname, port }: HttpRequest): Connections {
    const name = `${protocol}//${hostname}:${port ?? ''}`;
    const known = origins.get(name);
    if (known !== undefined) return known;
    const isSecure = protocol === 'https:';
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    const made = connectionsTo(
      { isSecure, host, port: port ?? (isSecure ? 443 : 80) },
      { most: maxSockets, connectTimeout },
    );
    origins.set(name, made);
    return made;
  }

  return {
    async handle(request, { abortSignal } = {}) {
      if (request.body !== undefined) throw new TypeError('a request for reading has no body');
      const signal = abortSignal instanceof AbortSignal ? abortSignal : undefined;
      const asked = { method: request.method, head: printHead(request), timeout: requestTimeout, signal };
      const { head, body } = await connections(request).ask(asked);
      const { status: statusCode, headers } = head;
      return { response: new HttpResponse({ statusCode, headers: { ...headers }, body: chunkStream(body) }) };
    },
    inUse: () => [...origins.values()].reduce((sum, one) => sum + one.inUse, 0),
    destroy() {
      for (const one of origins.values()) one.close();
    },
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  };
}

/** @throws TypeError where a part of the request would end its line, or is not of bytes */
function printHead({ method, path, query, hostname, port, headers }: HttpRequest): string {
  const host = port === undefined ? hostname : `${hostname}:${port}`;
  const asked = buildQueryString(query);
  const lines = [`${method} ${path}${asked === '' ? '' : `?${asked}`} HTTP/1.1`];
  if (headers['host'] === undefined) lines.push(`host: ${host}`);
  for (const name of Object.keys(headers)) lines.push(`${name}: ${headers[name]}`);
  if (!lines.every(isFieldValue)) throw new TypeError('a request has a character that no line can have');
  return `${lines.join('\r\n')}\r\n\r\n`;
}
