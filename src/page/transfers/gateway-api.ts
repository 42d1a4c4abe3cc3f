/** The result of a request to the gateway: a value, or why there is none. */
export type ApiResult<Value> = { readonly type: 'ok'; readonly value: Value } | ApiFailure;

/** A request that failed. */
export interface ApiFailure {
  readonly type: 'failed';
  /** The status of the response; `undefined` if there was none. */
  readonly status: number | undefined;
  /** A sentence for the user. */
  readonly sentence: string;
}

/** The addresses below `/.rangeway/` of the gateway that the page is from. */
export interface GatewayApi {
  /**
   * Sends a request. Never throws.
   *
   * @param path below `/.rangeway/`
   */
  open(path: string, init?: RequestInit): Promise<ApiResult<Response>>;
  /** Sends a request, and reads the JSON of its response. Without content, the value is `undefined`. Never throws. */
  read(path: string, init?: RequestInit): Promise<ApiResult<unknown>>;
}

/** RFC 6750 §2.1. Another token can't be sent in a field. */
const TOKEN = /^[\w.~+/-]+={0,2}$/;

/** Returns whether a text can be a token at all. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** Opens the API. The token is sent in a field, never in an address. */
export function gatewayApi(token: string): GatewayApi {
  async function open(path: string, init: RequestInit = {}): Promise<ApiResult<Response>> {
    const headers = new Headers(init.headers);
    headers.set('Authorization', `Bearer ${token}`);
    try {
      // A redirect must not get the token.
      const response = await fetch(path, { ...init, headers, cache: 'no-store', redirect: 'error' });
      return response.ok ? { type: 'ok', value: response } : await failureOf(response);
    } catch {
      return failed(undefined, 'The gateway can not be reached. Check the network, then try again.');
    }
  }

  return {
    open,
    async read(path, init) {
      const opened = await open(path, init);
      if (opened.type === 'failed') return opened;
      try {
        return { type: 'ok', value: opened.value.status === 204 ? undefined : await opened.value.json() };
      } catch {
        return failed(undefined, 'The connection broke off. Try again.');
      }
    },
  };
}

function failed(status: number | undefined, sentence: string): ApiFailure {
  return { type: 'failed', status, sentence };
}

async function failureOf(response: Response): Promise<ApiFailure> {
  const { status } = response;
  const problem: unknown = await response.json().catch(() => undefined);
  const detail: unknown = Object(problem).detail;
  switch (status) {
    case 401:
      return failed(status, 'This is not the admin token of the gateway.');
    case 503:
      return failed(status, 'The store of transfers does not answer at the moment. Try again in a minute.');
    case 400:
    case 404:
    case 409:
    case 413:
      return failed(status, typeof detail === 'string' ? detail : `The gateway answers ${status}.`);
    default:
      return failed(status, `The gateway answers ${status}. Its log says why.`);
  }
}
