import type { Transport } from './transport.ts';

/** Limits of {@link fetchTransport}. */
export interface FetchTransportOptions {
  /** Time until the head of a response, in ms. By default 15,000. */
  readonly timeout?: number;
}

/**
 * Makes a transport over the platform's `fetch`, for Workers and for platforms without a better one.
 *
 * The Fetch standard (main fetch, "handle content codings") decodes a body whatever Accept-Encoding says, and the
 * `fetch` of Node, Deno and browsers has no option against it. Cloudflare Workers have `encodeResponseBody: "manual"`.
 * On other platforms a body with a Content-Encoding is refused, because its bytes and length would differ from the
 * stored ones. On Node, `s3Transport` of `rangeway/s3` reads such objects.
 *
 * @returns a transport that rejects with the signal's reason if the signal fires, with a TimeoutError, with the errors
 *   of `fetch`, or with a TypeError for a body that was decoded
 */
export function fetchTransport({ timeout = 15_000 }: FetchTransportOptions = {}): Transport {
  return async ({ method, url, fields, signal }) => {
    const timeoutAborter = new AbortController();
    const timer = setTimeout(() => {
      timeoutAborter.abort(new DOMException(`no answer came within ${timeout} ms`, 'TimeoutError'));
    }, timeout);
    const init = {
      method,
      headers: fields,
      redirect: 'manual',
      // An option of fetch and not of a Request, because workerd loses it in a Request.
      encodeResponseBody: 'manual',
      signal: signal === undefined ? timeoutAborter.signal : AbortSignal.any([signal, timeoutAborter.signal]),
    } as const;
    const response = await fetch(url, init).finally(() => clearTimeout(timer));
    if (response.body !== null && !KEEPS_CODINGS && isCoded(response)) {
      await response.body.cancel();
      throw new TypeError(
        `fetch decodes an object that is stored with Content-Encoding: ${response.headers.get('content-encoding')}; give s3Store another transport, such as that of rangeway/node`,
      );
    }
    return {
      status: response.status,
      fields: Object.fromEntries(response.headers),
      body: response.body ?? undefined,
    };
  };
}

/** Whether the platform supports `encodeResponseBody`. Cloudflare documents this user agent of its runtime. */
const KEEPS_CODINGS = userAgent() === 'Cloudflare-Workers';

function userAgent(): unknown {
  const navigator: unknown = Reflect.get(globalThis, 'navigator');
  return typeof navigator === 'object' && navigator !== null ? Reflect.get(navigator, 'userAgent') : undefined;
}

/**
 * Returns whether a body has a coding that `fetch` decodes. `identity`, and `aws-chunked` of S3, are decoded by no
 * platform.
 */
function isCoded({ headers }: Response): boolean {
  const codings = (headers.get('content-encoding') ?? '').split(',').map((coding) => coding.trim().toLowerCase());
  return codings.some((coding) => coding !== '' && coding !== 'identity' && coding !== 'aws-chunked');
}
