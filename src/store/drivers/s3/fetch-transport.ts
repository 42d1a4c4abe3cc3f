import type { Transport } from './transport.ts';

/** Limits of a transport by `fetch`. */
export interface FetchTransportOptions {
  /** Until the head of an answer is there, in ms. By default 15,000. */
  readonly timeout?: number;
}

/**
 * Sends by the platform's `fetch`, for Workers and wherever there is nothing better.
 *
 * By the Fetch standard (main fetch, "handle content codings") a body is decoded, whatever Accept-Encoding says, and
 * Node's, Deno's and browsers' fetch have no way to prevent it. Cloudflare Workers have `encodeResponseBody: "manual"`.
 * So elsewhere a body that is stored with a Content-Encoding is refused: its bytes and length would be others than the
 * storage's. On Node, `rangeway/node` has a transport that reads such objects.
 *
 * @throws the signal's reason where it fires; a TimeoutError; what `fetch` throws; a TypeError for a body that was
 *   decoded (all as rejections)
 */
export function fetchTransport({ timeout = 15_000 }: FetchTransportOptions = {}): Transport {
  return async ({ method, url, fields, signal }) => {
    const late = new AbortController();
    const timer = setTimeout(() => {
      late.abort(new DOMException(`no answer came within ${timeout} ms`, 'TimeoutError'));
    }, timeout);
    const init = {
      method,
      headers: fields,
      redirect: 'manual',
      // Given here and not to a Request, of which workerd forgets it.
      encodeResponseBody: 'manual',
      signal: signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]),
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

/** Whether `encodeResponseBody` is known. Cloudflare documents this name of its runtime. */
const KEEPS_CODINGS = userAgent() === 'Cloudflare-Workers';

function userAgent(): unknown {
  const navigator: unknown = Reflect.get(globalThis, 'navigator');
  return typeof navigator === 'object' && navigator !== null ? Reflect.get(navigator, 'userAgent') : undefined;
}

/** Those that S3 adds itself, or that mean nothing, are left as they are by all. */
function isCoded({ headers }: Response): boolean {
  const codings = (headers.get('content-encoding') ?? '').split(',').map((coding) => coding.trim().toLowerCase());
  return codings.some((coding) => coding !== '' && coding !== 'identity' && coding !== 'aws-chunked');
}
