import { isIP } from 'node:net';
import { requestMethod, type FetchHandler, type PlatformEnv } from '../fetch-handler.ts';

/** What this gateway reads of an event of payload format 2.0, as function URLs send it. */
export interface FunctionUrlEvent {
  readonly version: string;
  /** As it was sent, still encoded. */
  readonly rawPath: string;
  /** As it was sent, without the question mark; empty where there is none. */
  readonly rawQueryString: string;
  /** One member a cookie; the field Cookie is not among the headers. */
  readonly cookies?: readonly string[];
  /** Names in lower case; the lines of a field joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly requestContext: {
    readonly http: { readonly method: string; readonly sourceIp?: string };
  };
  readonly isBase64Encoded: boolean;
  readonly body?: string;
}

/**
 * The request that an event tells of, with its body, for the routes of an app that stand beside a gateway.
 *
 * @param signal fires where the platform tells that nobody takes the answer any more
 */
export function toRequest(event: FunctionUrlEvent, signal?: AbortSignal): Request {
  const { rawPath, rawQueryString, cookies = [], requestContext, body, isBase64Encoded } = event;
  const headers = new Headers();
  for (const [name, value] of Object.entries(event.headers)) setHeader(headers, name, value);
  if (cookies.length > 0) setHeader(headers, 'cookie', cookies.join('; '));
  const method = requestMethod(requestContext.http.method);
  // A Request with one of these methods can have no body.
  const hasBody = body !== undefined && method !== 'GET' && method !== 'HEAD';
  const query = rawQueryString === '' ? '' : `?${rawQueryString}`;
  // Put together and not resolved: of `//host/path` a resolver would take the path's first segment for a host.
  return new Request(`https://localhost${rawPath.startsWith('/') ? '' : '/'}${rawPath}${query}`, {
    method,
    headers,
    ...(hasBody ? { body: isBase64Encoded ? Buffer.from(body, 'base64') : body } : {}),
    ...(signal === undefined ? {} : { signal }),
  });
}

/**
 * The only caller of a function, where there is one: CloudFront, whose signature the function URL demands. Undefined
 * where every client calls the function URL itself.
 */
export type LambdaFront = 'cloudfront' | undefined;

/** What a handler is made of. */
export interface LambdaHandlerOptions {
  readonly gateway: FetchHandler;
  /** By default none: clients call the function URL themselves. */
  readonly front?: LambdaFront;
}

/** The field in which CloudFront tells the client's address. It replaces a field of that name in the client's request. */
const VIEWER_ADDRESS = 'cloudfront-viewer-address';

/**
 * Facts of the request that are not in it.
 *
 * @param front decides which address is the client's. Without CloudFront in front, any client can send CloudFront's
 *   field, so the event's own address counts. With CloudFront, that address is CloudFront's.
 */
export function toPlatformEnv({ headers, requestContext }: FunctionUrlEvent, front?: LambdaFront): PlatformEnv {
  return {
    clientAddress: front === 'cloudfront' ? parseViewer(headers[VIEWER_ADDRESS] ?? '') : requestContext.http.sourceIp,
  };
}

/** Reads `address:port`. CloudFront writes IPv6 without brackets: `2001:db8::1:443` is `2001:db8::1`, port 443. */
function parseViewer(text: string): string | undefined {
  const colon = text.lastIndexOf(':');
  const address = text.slice(0, Math.max(0, colon)).replace(/^\[(.*)\]$/, '$1');
  return /^\d{1,5}$/.test(text.slice(colon + 1)) && isIP(address) !== 0 ? address : undefined;
}

/** What no header field can hold is left out: it has no meaning here, and is no reason to fail. */
function setHeader(headers: Headers, name: string, value: string): void {
  // Above Latin-1 it can only be UTF-8 that was decoded for the event; on the wire a char is a byte.
  const isLatin1 = !/[^\0-\xff]/.test(value);
  try {
    headers.set(name, isLatin1 ? value : Buffer.from(value, 'utf8').toString('latin1'));
  } catch {
    // Headers throws for names and values that HTTP does not allow.
  }
}

/** The head of an answer, as payload format 2.0 and the prelude of a stream have it. */
export interface FunctionUrlHead {
  readonly headers: Readonly<Record<string, string>>;
  /** The values of Set-Cookie, which can't be joined into one field (RFC 6265 §3). Left out where there are none. */
  readonly cookies?: readonly string[];
}

/** The fields of a response, as a function URL takes them. */
export function toHead(headers: Headers): FunctionUrlHead {
  const cookies = headers.getSetCookie();
  const others = [...headers].filter(([name]) => name !== 'set-cookie');
  return { headers: Object.fromEntries(others), ...(cookies.length === 0 ? {} : { cookies }) };
}
