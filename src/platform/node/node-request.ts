import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { Fields } from '../../http/index.ts';
import { requestMethod } from '../fetch-handler.ts';
import { rawFields } from './raw-fields.ts';

/** A request as Node's parser has read it, after checks of its target and Host. */
export interface NodeRequest {
  /** The request's content, if its head announces any (RFC 9112 §6.3). A gateway does not read it. */
  readonly content: IncomingMessage | undefined;
  readonly method: string;
  /** The parsed target. If the target is a path, the host of the address is meaningless. */
  readonly address: URL;
  readonly headers: Fields;
  /** The same fields as an array: name, value, name, value. */
  readonly lines: readonly string[];
}

/**
 * Reads and checks the target and the fields of a request.
 *
 * @returns `undefined` if the target is no valid address or the host is ambiguous: the response is 400
 */
export function readRequest(req: IncomingMessage): NodeRequest | undefined {
  const { method = 'GET', url = '/', rawHeaders } = req;
  const isPath = url.startsWith('/');
  const address = toAddress(url, isPath);
  // Credentials in an address are refused, as the constructor of a web Request does.
  if (address === undefined || address.username !== '' || address.password !== '') return undefined;
  const headers = rawFields(rawHeaders);
  // With two Host fields, a proxy in front may have used the other one (RFC 9112 §3.2).
  if (headers.get('Host')?.includes(',') === true) return undefined;
  // An absolute target replaces the Host field (RFC 9112 §3.2.2).
  const lines = isPath ? rawHeaders : withHost(headers, address.host);
  return {
    content: hasContent(req) ? req : undefined,
    method: requestMethod(method),
    address,
    lines,
    headers: isPath ? headers : rawFields(lines),
  };
}

/** Whether a web Request has a body. One of GET or HEAD never has, whatever was sent. */
function hasContent({ method, headers }: IncomingMessage): boolean {
  if (method === 'GET' || method === 'HEAD') return false;
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/**
 * Concatenates instead of resolving: in `//host/path`, a resolver would take the first segment of the path for a host.
 */
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

/**
 * Creates a web Request, with the content of the received one as its body.
 *
 * @param signal of the Request; aborted when the client disconnects
 * @returns `undefined` if a web Request can't represent it
 */
export function toWebRequest(received: NodeRequest, signal: AbortSignal): Request | undefined {
  try {
    return new NodeWebRequest(received, signal);
  } catch {
    return undefined;
  }
}

/**
 * A Request that stores its signal, address and method itself. A signal that is passed to the constructor costs
 * listeners and a FinalizationRegistry entry, up to 20 µs a request, and Node's getter serializes the address at each
 * access. The signal of a copy (`clone`) is not aborted when the client disconnects.
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
    // Defined as properties: TypeScript allows no accessor to override what the base class declares as a property.
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
