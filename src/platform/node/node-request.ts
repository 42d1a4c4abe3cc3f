import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { Fields } from '../../http/index.ts';
import { requestMethod } from '../fetch-handler.ts';
import { rawFields } from './raw-fields.ts';

/** What Node's parser tells of a request, checked. */
export interface NodeRequest {
  /** Its content, where some is announced (RFC 9112 §6.3). Gateways leave it unread. */
  readonly content: IncomingMessage | undefined;
  readonly method: string;
  /** Resolved. Of a target that was a path, its host means nothing. */
  readonly address: URL;
  readonly headers: Fields;
  /** The same: names and values in turn. */
  readonly lines: readonly string[];
}

/** @returns `undefined` where the target can't be an address, or nobody can say for which host it is */
export function readRequest(req: IncomingMessage): NodeRequest | undefined {
  const { method = 'GET', url = '/', rawHeaders } = req;
  const isPath = url.startsWith('/');
  const address = toAddress(url, isPath);
  // The name and the password of an address are for nobody's eyes, so no web Request takes them either.
  if (address === undefined || address.username !== '' || address.password !== '') return undefined;
  const headers = rawFields(rawHeaders);
  // Of two lines nobody can say which a proxy in front has looked at (RFC 9112 §3.2).
  if (headers.get('Host')?.includes(',') === true) return undefined;
  // §3.2.2 there: the host in the target counts, and the field is ignored.
  const lines = isPath ? rawHeaders : withHost(headers, address.host);
  return {
    content: hasContent(req) ? req : undefined,
    method: requestMethod(method),
    address,
    lines,
    headers: isPath ? headers : rawFields(lines),
  };
}

/** A web Request of GET or HEAD has no body, whatever was sent. */
function hasContent({ method, headers }: IncomingMessage): boolean {
  if (method === 'GET' || method === 'HEAD') return false;
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/** Put together and not resolved: of `//host/path` a resolver would take the path's first segment for a host. */
function toAddress(target: string, isPath: boolean): URL | undefined {
  if (!isPath && !/^https?:\/\/[^/]/i.test(target)) return undefined;
  try {
    return new URL(isPath ? `http://localhost${target}` : target);
  } catch {
    return undefined;
  }
}

function withHost(fields: Fields, host: string): readonly string[] {
  const others = [...fields].filter(([name]) => name.toLowerCase() !== 'host');
  return ['Host', host, ...others.flat()];
}

/** @returns `undefined` where the web's Request can't hold it */
export function toWebRequest(asked: NodeRequest, signal: AbortSignal): Request | undefined {
  try {
    return new NodeWebRequest(asked, signal);
  } catch {
    return undefined;
  }
}

/**
 * A Request with its own signal, address and method at hand. Given to the constructor, a signal costs listeners and an
 * entry for the collector, up to 20 µs a request; and Node's own getter prints the address at each look. A copy
 * (`clone`) does not abort when the client leaves.
 */
class NodeWebRequest extends Request {
  readonly #method: string;
  readonly #url: string;
  readonly #signal: AbortSignal;

  constructor({ method, address, lines, content }: NodeRequest, signal: AbortSignal) {
    const pairs: [string, string][] = [];
    for (let i = 0; i + 1 < lines.length; i += 2) pairs.push([lines[i] ?? '', lines[i + 1] ?? '']);
    const body = content === undefined ? {} : ({ body: Readable.toWeb(content), duplex: 'half' } as const);
    super(address, { method, headers: pairs, ...body });
    this.#method = method;
    this.#url = address.href;
    this.#signal = signal;
  }

  static {
    // Not written as accessors, since the types call them properties.
    Object.defineProperties(this.prototype, {
      method: {
        get: function (this: NodeWebRequest) {
          return this.#method;
        },
      },
      url: {
        get: function (this: NodeWebRequest) {
          return this.#url;
        },
      },
      signal: {
        get: function (this: NodeWebRequest) {
          return this.#signal;
        },
      },
    });
  }
}
