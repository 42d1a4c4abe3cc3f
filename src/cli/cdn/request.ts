import { setTimeout as pause } from 'node:timers/promises';
import { errorCode } from '../../base/error-code.ts';

/** The variables of the process. Credentials are read from them only: every user of a machine can read command lines. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The outcome of a purge at the edge: the work that was done, or a text with the reason of its failure and the remedy. */
export type PurgeOutcome = { readonly done: string } | string;

/** Purges at the edge. */
export interface CdnPurge {
  readonly addresses: (addresses: readonly URL[]) => Promise<PurgeOutcome>;
  /** Purges all responses with one of these tags (Cache-Tag); `undefined` if the CDN has no tags. */
  readonly tags: ((tags: readonly string[]) => Promise<PurgeOutcome>) | undefined;
}

/** A request to the API of a CDN. */
export interface ApiRequest {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  /** Called for each attempt, because a signature contains the time. */
  readonly headers: () => Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The response to the last attempt: a status with a body, or the reason why there is none. */
export type ApiResponse =
  | { readonly type: 'response'; readonly status: number; readonly body: string }
  | { readonly type: 'unreachable'; readonly reason: string };

/** Waits for some ms. Tests pass another one. */
export type Pause = (ms: number) => Promise<unknown>;

/** Waits as long as it says. */
export const realPause: Pause = (ms) => pause(ms);

const MAX_ATTEMPTS = 5;

/** The pause before the second attempt, in ms. It doubles with each attempt, and is jittered. */
const BASE_PAUSE = 1_000;

/** The longest pause that a Retry-After field can ask for, in ms. */
const MAX_PAUSE = 120_000;

/** The timeout of one attempt, in ms. */
const TIMEOUT = 30_000;

/**
 * Sends a request, and again after a 429, a 5xx or a failed connection: after Retry-After (RFC 9110 §10.2.3) if the
 * response has that field.
 *
 * @param report called before each pause, with a sentence for the user
 */
export async function requestApi(
  request: ApiRequest,
  report: (sentence: string) => void,
  wait: Pause = realPause,
): Promise<ApiResponse> {
  for (let attempt = 1; ; attempt++) {
    const { response, retryAfter } = await requestOnce(request);
    const isTransient = response.type === 'unreachable' || response.status === 429 || response.status >= 500;
    if (!isTransient || attempt === MAX_ATTEMPTS) return response;
    const backoff = BASE_PAUSE * 2 ** (attempt - 1) * (0.5 + Math.random());
    const ms = Math.min(retryAfter ?? backoff, MAX_PAUSE);
    const reason = response.type === 'unreachable' ? response.reason : `answers ${response.status}`;
    report(`${request.url.host} ${reason}; trying again in ${Math.ceil(ms / 1000)} s`);
    await wait(ms);
  }
}

async function requestOnce({ url, method, headers, body }: ApiRequest) {
  try {
    const response = await fetch(url, {
      method,
      headers: headers(),
      // A redirect must not get the credentials.
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT),
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    return {
      response: { type: 'response', status: response.status, body: text },
      retryAfter: parseRetryAfter(response.headers.get('Retry-After')),
    } as const;
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    const reason = errorCode(cause) ?? (cause instanceof Error ? cause.message : 'it fails');
    return {
      response: { type: 'unreachable', reason: `can't be reached (${reason})` },
      retryAfter: undefined,
    } as const;
  }
}

/** @returns ms; `undefined` if there is no valid value */
function parseRetryAfter(field: string | null): number | undefined {
  if (field === null) return undefined;
  if (/^\d{1,9}$/.test(field)) return Number(field) * 1000;
  const date = Date.parse(field);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
