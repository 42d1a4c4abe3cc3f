import { errorCode } from '../base/error-code.ts';

/** Explanations by the code of an error, as clauses. */
const EXPLANATIONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ENOTFOUND: 'the host has no address; check its name',
  EAI_AGAIN: 'the host could not be looked up; check the network',
  ETIMEDOUT: 'no connection could be made in time',
  EHOSTUNREACH: 'the host is out of reach; check the network',
  ENETUNREACH: 'the network of the host is out of reach',
  ECONNRESET: 'the server closed the connection without a response',
  EPIPE: 'the server closed the connection without a response',
  EPROTO: 'TLS failed: the server does not speak it there; is it http://?',
  ERR_SSL_WRONG_VERSION_NUMBER: 'TLS failed: the server does not speak it there; is it http://?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'TLS failed: the server does not speak it there; is it http://?',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'TLS failed: the certificate is signed by itself; NODE_EXTRA_CA_CERTS can name it',
  SELF_SIGNED_CERT_IN_CHAIN: 'TLS failed: the certificate is of an unknown authority; NODE_EXTRA_CA_CERTS can name it',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'TLS failed: the certificate is of an unknown authority, or an intermediate one is not sent',
  CERT_HAS_EXPIRED: 'TLS failed: the certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'TLS failed: the certificate is for another host',
  UND_ERR_SOCKET: 'the server closed the connection before the end of the response',
  UND_ERR_CONNECT_TIMEOUT: 'no connection could be made in time',
  HPE_HEADER_OVERFLOW: 'the head of the response is longer than 16 KiB',
};

/**
 * Explains in a clause why a request has failed.
 *
 * @param error of Node's HTTP client, of `fetch`, or of TLS
 */
export function explainRequestError(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause ?? firstOf(cause)) {
    const code = errorCode(cause) ?? '';
    const known = EXPLANATIONS[code];
    if (known !== undefined) return known;
    if (code.startsWith('HPE_')) return `the response is no HTTP/1.1 (${cause.message.replace(/^Parse Error: /, '')})`;
    if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) return `TLS failed (${code})`;
    if (cause.cause === undefined && firstOf(cause) === undefined)
      return code === '' ? cause.message : `it fails (${code})`;
  }
  return 'it fails';
}

/** Node tries all addresses of a host, and rejects with the errors of all. */
function firstOf(error: Error): unknown {
  return error instanceof AggregateError ? error.errors[0] : undefined;
}
