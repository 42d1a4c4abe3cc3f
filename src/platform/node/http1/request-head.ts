import { isFieldValue } from '../../../http/index.ts';
import type { TransportRequest } from '../../../store/drivers/s3/transport.ts';
import type { Origin } from './connection.ts';

/** A request that may have a content, in ASCII. It is sent a second time if an idle connection was closed meanwhile. */
export interface SmallRequest extends Omit<TransportRequest, 'method'> {
  readonly method: TransportRequest['method'] | 'POST';
  readonly content?: string | undefined;
}

/** The two parts of an absolute address, both unchanged. */
export interface Target {
  /** Scheme and authority as they are written. */
  readonly origin: string;
  /** Path and query. No character is changed, because a signature may cover exactly this form. */
  readonly path: string;
}

/**
 * RFC 9112 §3.2: no space or control character, which would end the request target. No `#`: a fragment is never sent.
 */
const URL_CHARACTERS = /^[!-"$-~]*$/;
const PARTS = /^(https?:\/\/[^/?\\@]+)((?:[/?].*)?)$/i;

/** A token (RFC 9110 §5.6.2) in lower case. */
const FIELD_NAME = /^[\da-z!#$%&'*+.^_`|~-]+$/;

/**
 * Fields that frame a request, name its host or control its connection (RFC 9112 §6, §9). The transport sets them
 * itself.
 */
const RESERVED = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'expect', 'upgrade', 'te']);

/**
 * Splits an absolute http or https address into origin and path, and changes neither.
 *
 * @throws TypeError if the address is not absolute or not encoded, has another scheme, or has a user name
 */
export function parseTarget(url: string): Target {
  const [, origin, rest = ''] = (URL_CHARACTERS.test(url) ? PARTS.exec(url) : null) ?? [];
  if (origin === undefined) throw new TypeError('a request is for an absolute, encoded address with http: or https:');
  return { origin, path: rest.startsWith('/') ? rest : `/${rest}` };
}

/**
 * Parses the origin of an address into the host and port of a socket, and the value of the Host field.
 *
 * @throws TypeError if the host or the port is invalid
 */
export function parseOrigin(origin: string): Origin & { readonly authority: string } {
  const { protocol, hostname, port, host } = new URL(origin);
  const isSecure = protocol === 'https:';
  return {
    isSecure,
    // A socket takes an IPv6 address without brackets.
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (isSecure ? 443 : 80) : Number(port),
    authority: host,
  };
}

/**
 * Prints a request (RFC 9112 §3): its head, the empty line, and its content if it has one.
 *
 * @param authority the value of the Host field: host, and port if it is not the scheme's default (RFC 9110 §7.2)
 * @param path the request target: path and query, encoded
 * @throws TypeError if a field is malformed, or is one that the transport sets itself
 */
export function printRequestHead(
  { method, fields, content }: Pick<SmallRequest, 'method' | 'fields' | 'content'>,
  authority: string,
  path: string,
): string {
  let text = `${method} ${path} HTTP/1.1\r\nhost: ${authority}\r\n`;
  for (const [name, value] of Object.entries(fields)) {
    if (!FIELD_NAME.test(name) || RESERVED.has(name))
      throw new TypeError(`a request can't have the field ${JSON.stringify(name)}`);
    if (!isFieldValue(value))
      throw new TypeError(`the field ${name} of a request has a character that no line can have`);
    text += `${name}: ${value}\r\n`;
  }
  return content === undefined ? `${text}\r\n` : `${text}content-length: ${content.length}\r\n\r\n${content}`;
}
