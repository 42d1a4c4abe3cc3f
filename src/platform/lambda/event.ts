import { isIP } from 'node:net';
import type { AnswerField } from '../../http/index.ts';
import { requestMethod, type FetchHandler, type PlatformEnv } from '../fetch-handler.ts';

/** The fields of a function URL's event (payload format 2.0) that are read here. */
export interface FunctionUrlEvent {
  readonly version: string;
  /** As received, still percent-encoded. */
  readonly rawPath: string;
  /** As received, without the question mark; empty if there is no query. */
  readonly rawQueryString: string;
  /** One element for each cookie; `headers` has no Cookie field. */
  readonly cookies?: readonly string[];
  /** Names are in lower case; the lines of a field are joined with commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly requestContext: {
    readonly http: { readonly method: string; readonly sourceIp?: string };
  };
  readonly isBase64Encoded: boolean;
  readonly body?: string;
}

/**
 * Creates the Request of an event. It has the event's body, for the other routes of an app.
 *
 * @param signal aborted if the platform reports that the client has disconnected
 */
export function toRequest(event: FunctionUrlEvent, signal?: AbortSignal): Request {
  const { rawPath, rawQueryString, cookies = [], requestContext, body, isBase64Encoded } = event;
  const headers = new Headers();
  for (const [name, value] of Object.entries(event.headers)) setHeader(headers, name, value);
  if (cookies.length > 0) setHeader(headers, 'cookie', cookies.join('; '));
  const method = requestMethod(requestContext.http.method);
  // A Request of GET or HEAD can't have a body.
  const hasBody = body !== undefined && method !== 'GET' && method !== 'HEAD';
  const query = rawQueryString === '' ? '' : `?${rawQueryString}`;
  // Concatenated instead of resolved: in `//host/path`, a resolver would take the first segment of the path for a host.
  return new Request(`https://localhost${rawPath.startsWith('/') ? '' : '/'}${rawPath}${query}`, {
    method,
    headers,
    ...(hasBody ? { body: isBase64Encoded ? Buffer.from(body, 'base64') : body } : {}),
    ...(signal === undefined ? {} : { signal }),
  });
}

/**
 * The only caller of a function:
 *
 * - `cloudfront`: any distribution of CloudFront; the function URL requires CloudFront's signature
 * - `distribution`: the same, and the distribution is that of the CDK app, whose own function at the edge replaces the
 *   fields X-Rangeway-Viewer and X-Rangeway-Host of every request
 * - `undefined`: clients call the function URL themselves
 */
export type LambdaFront = 'cloudfront' | 'distribution' | undefined;

/** The values of {@link LambdaFront} as text. */
export const LAMBDA_FRONTS = ['cloudfront', 'distribution'] as const;

/** The options of a Lambda handler. */
export interface LambdaHandlerOptions {
  readonly gateway: FetchHandler;
  /** By default clients call the function URL themselves. */
  readonly front?: LambdaFront;
}

/** CloudFront's field with the client's address. It replaces a field of this name in the client's request. */
const VIEWER_ADDRESS: Lowercase<AnswerField> = 'cloudfront-viewer-address';

/** The fields that the CDK app's function at the edge sets: the client's IP address, the host that it asked for, and the format that it prefers. */
export const EDGE_FIELDS = {
  viewer: 'x-rangeway-viewer',
  host: 'x-rangeway-host',
  format: 'x-rangeway-format',
} as const satisfies Readonly<Record<string, Lowercase<AnswerField>>>;

/**
 * Returns the facts about the request of an event that its Request does not carry.
 *
 * @param front decides which fields are trusted. Without CloudFront in front, any client can send them, so the event's
 *   own address is used. With CloudFront, that one is CloudFront's address.
 */
export function toPlatformEnv({ headers, requestContext }: FunctionUrlEvent, front?: LambdaFront): PlatformEnv {
  switch (front) {
    case undefined:
      return { clientAddress: requestContext.http.sourceIp };
    case 'cloudfront':
      return { clientAddress: parseViewer(headers[VIEWER_ADDRESS] ?? '') };
    case 'distribution': {
      const { [EDGE_FIELDS.viewer]: viewer = '', [EDGE_FIELDS.host]: host } = headers;
      return { clientAddress: isIP(viewer) === 0 ? undefined : viewer, publicHost: host };
    }
  }
}

/** Parses `address:port`. CloudFront writes IPv6 without brackets: `2001:db8::1:443` is `2001:db8::1`, port 443. */
function parseViewer(text: string): string | undefined {
  const colon = text.lastIndexOf(':');
  const address = text.slice(0, Math.max(0, colon)).replace(/^\[(.*)\]$/, '$1');
  return /^\d{1,5}$/.test(text.slice(colon + 1)) && isIP(address) !== 0 ? address : undefined;
}

/** Sets a field. A name or value that HTTP does not allow is ignored. */
function setHeader(headers: Headers, name: string, value: string): void {
  // A character above Latin-1 was decoded from UTF-8 for the event. Headers takes one character for each byte.
  const isLatin1 = !/[^\0-\xff]/.test(value);
  try {
    headers.set(name, isLatin1 ? value : Buffer.from(value, 'utf8').toString('latin1'));
  } catch {
    // Headers throws for names and values that HTTP does not allow.
  }
}

/** The fields of a response, as payload format 2.0 and the prelude of a stream have them. */
export interface FunctionUrlHead {
  readonly headers: Readonly<Record<string, string>>;
  /** The values of Set-Cookie, which can't be joined into one field (RFC 6265 §3). Absent if there are none. */
  readonly cookies?: readonly string[];
}

/** Converts the fields of a response for a function URL: Set-Cookie becomes `cookies`. */
export function toFunctionUrlHead(headers: Headers): FunctionUrlHead {
  const cookies = headers.getSetCookie();
  const others = [...headers].filter(([name]) => name !== 'set-cookie');
  return { headers: Object.fromEntries(others), ...(cookies.length === 0 ? {} : { cookies }) };
}
