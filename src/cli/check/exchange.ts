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
