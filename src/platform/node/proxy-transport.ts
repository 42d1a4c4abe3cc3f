import { Agent, request as requestPlain, type IncomingMessage } from 'node:http';
import { Agent as SecureAgent, request as requestSecure } from 'node:https';
import { settingsError } from '../../base/settings-error.ts';
import type { TransportResponse } from '../../store/drivers/s3/transport.ts';
import type { SmallRequest } from './http1/request-head.ts';

/** Variables that name proxies, as curl, wget and Node read them. */
type ProxyEnvironment = Readonly<Record<string, string>>;

const VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'] as const;

/**
 * Reads which proxy to use.
 *
 * @param proxy an address for all requests; by default the variables of the environment count
 * @returns `undefined` if there is none
 */
export function proxyEnvironment(proxy: string | undefined): ProxyEnvironment | undefined {
  if (proxy !== undefined) return { HTTP_PROXY: proxy, HTTPS_PROXY: proxy };
  const found = VARIABLES.flatMap((name) => {
    const value = process.env[name];
    return value === undefined || value === '' ? [] : [[name, value] as const];
  });
  return found.some(([name]) => !/^no_/i.test(name)) ? Object.fromEntries(found) : undefined;
}

/**
 * A `Transport` through HTTP proxies, by Node's own client.
 *
 * @throws SettingsError if this Node has no proxies, and would connect directly
 */
export function proxyTransport(proxyEnv: ProxyEnvironment, timeout: number) {
  if (!hasProxies()) {
    throw settingsError(
      `proxies need Node 22.21, 24.5 or newer, and this is ${process.versions.node}; unset HTTP_PROXY and HTTPS_PROXY to connect directly`,
    );
  }
  const agents = {
    plain: new Agent({ keepAlive: true, proxyEnv }),
    secure: new SecureAgent({ keepAlive: true, proxyEnv }),
  };
  const send = ({ method, url, fields, content, signal }: SmallRequest) =>
    new Promise<TransportResponse>((resolve, reject) => {
      const options = { method, headers: { ...fields }, ...(signal === undefined ? {} : { signal }) };
      const request = url.startsWith('https:')
        ? requestSecure(url, { ...options, agent: agents.secure })
        : requestPlain(url, { ...options, agent: agents.plain });
      request.setTimeout(timeout, () => void request.destroy(new Error(`no answer after ${timeout} ms`)));
      request.once('error', reject);
      request.once('response', (response) => {
        request.setTimeout(0);
        resolve({ status: response.statusCode ?? 0, fields: toFields(response), body: toBody(response) });
      });
      request.end(content);
    });
  return Object.assign(send, {
    destroy() {
      agents.plain.destroy();
      agents.secure.destroy();
    },
  });
}

function hasProxies(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 5) || (major === 22 && minor >= 21);
}

function toFields({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value = '']) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}

/** The stream errors as the response does, also if the body is shorter than its length. */
function toBody(response: IncomingMessage): ReadableStream<Uint8Array> {
  const iterator = response[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next: IteratorResult<Uint8Array, undefined> = await iterator.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
    cancel: () => void response.destroy(),
  });
}
