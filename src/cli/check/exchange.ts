import { errorCode } from '../../base/error-code.ts';

/** A request of the check. Its body is empty. */
export interface CheckRequest {
  readonly method: 'GET' | 'HEAD' | 'OPTIONS';
  readonly fields: Readonly<Record<string, string>>;
  /** The bytes of the content that are needed. Reading stops after them. */
  readonly read: number;
}

/** The head of a response and the first bytes of its content, as sent: nothing is decoded. */
export interface CheckResponse {
  readonly status: number;
  /** By name in lower case. Several lines of a field are joined by a comma (§5.3). */
  readonly fields: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
  /** `complete`: `body` is the whole content; `stopped`: enough was read; `broken`: the connection ended before. */
  readonly end: 'complete' | 'stopped' | 'broken';
}

/** The result of a request: a response, or the reason why there is none, as a clause. */
export type CheckResult =
  | { readonly type: 'response'; readonly response: CheckResponse }
  | { readonly type: 'failed'; readonly reason: string };

/** A redirect that was followed. */
export interface CheckedRedirect {
  readonly status: number;
  readonly from: URL;
  readonly to: URL;
}

/** A request with its redirects, and the last result. */
export interface Exchange {
  readonly redirects: readonly CheckedRedirect[];
  /** The address of the last request. */
  readonly address: URL;
  readonly result: CheckResult;
  /** When the last result was known, in ms since the epoch. */
  readonly at: number;
}

/** Returns the response of an exchange; `undefined` if there was none. */
export function responseOf(exchange: Exchange | undefined): CheckResponse | undefined {
  return exchange?.result.type === 'response' ? exchange.result.response : undefined;
}

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
  HPE_HEADER_OVERFLOW: 'the head of the response is longer than 16 KiB',
};

/**
 * Explains in a clause why a request has failed.
 *
 * @param error of Node's HTTP client or TLS
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
