import { isFieldValue } from '../../../http/index.ts';
import type { TransportRequest } from '../../../store/drivers/s3/transport.ts';
import type { Origin } from './connection.ts';

/** An address, taken apart: the origin by the rules of URLs, the rest as it is written. */
export interface Target {
  /** Scheme and authority as they are written: equal texts are equal origins. */
  readonly origin: string;
  /** Path and query, of which no character is changed: a signature may be of this form alone. */
  readonly path: string;
}

/** RFC 9112 §3.2: no spaces and control characters, which would end the line. No #: a fragment is never sent. */
const URL_CHARACTERS = /^[!-"$-~]*$/;
const PARTS = /^(https?:\/\/[^/?\\@]+)((?:[/?].*)?)$/i;

/** RFC 9110 §5.6.2, in lower case. */
const FIELD_NAME = /^[\da-z!#$%&'*+.^_`|~-]+$/;

/** Fields by which a server finds the end of a request, its host, or what becomes of the connection (RFC 9112 §6, §9). */
const RESERVED = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'expect', 'upgrade', 'te']);

/** @throws TypeError for an address that is not absolute, not encoded, of another scheme, or with a user's name */
export function parseTarget(url: string): Target {
  const [, origin, rest = ''] = (URL_CHARACTERS.test(url) ? PARTS.exec(url) : null) ?? [];
  if (origin === undefined) throw new TypeError('a request is for an absolute, encoded address with http: or https:');
  return { origin, path: rest.startsWith('/') ? rest : `/${rest}` };
}

/** @throws TypeError where its host or port is none */
export function parseOrigin(origin: string): Origin & { readonly authority: string } {
  const { protocol, hostname, port, host } = new URL(origin);
  const isSecure = protocol === 'https:';
  return {
    isSecure,
    // Sockets take an IPv6 address without its brackets.
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (isSecure ? 443 : 80) : Number(port),
    authority: host,
  };
}

/**
 * Prints the head of a request without a body (RFC 9112 §3), with the empty line behind it.
 *
 * @param authority host and port, as the Host field has them (RFC 9110 §7.2)
 * @throws TypeError for a field that is no field, or that is not the caller's to set
 */
export function printRequestHead(
  { method, fields }: Pick<TransportRequest, 'method' | 'fields'>,
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
  return `${text}\r\n`;
}
