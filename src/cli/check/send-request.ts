import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { explainRequestError } from '../request-error.ts';
import type { CheckedRedirect, CheckRequest, CheckResponse, CheckResult, Exchange } from './exchange.ts';

/** Sends requests over Node's HTTP/1.1 client: `fetch` hides redirects, and decodes contents. */
export interface CheckClient {
  /**
   * Sends a request. Redirects of GET and HEAD are followed.
   *
   * @returns the exchange; never rejects, since a failure is a result
   */
  send(address: URL, request: CheckRequest): Promise<Exchange>;
  /** Closes the connections. */
  close(): void;
}

/** Limits and fields of all requests. */
export interface CheckClientOptions {
  /** Fields of the user. They are sent to the origin of the first address only, because they may be credentials. */
  readonly fields: Readonly<Record<string, string>>;
  /** Until a response is read as far as needed, redirects included, in ms. */
  readonly timeout: number;
  /** Until all requests have ended, in ms from now. */
  readonly total: number;
}

const MAX_REDIRECTS = 10;

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Creates a client for requests that are bounded in bytes and in time. */
export function checkClient({ fields, timeout, total }: CheckClientOptions): CheckClient {
  const http = new HttpAgent({ keepAlive: true });
  const https = new HttpsAgent({ keepAlive: true });
  const deadline = AbortSignal.timeout(total);

  function sendOnce(address: URL, request: CheckRequest, signal: AbortSignal): Promise<CheckResult> {
    const options: RequestOptions = { method: request.method, headers: request.fields, signal };
    return receive(request.read, (onResponse) =>
      address.protocol === 'https:'
        ? httpsRequest(address, { ...options, agent: https }, onResponse)
        : httpRequest(address, { ...options, agent: http }, onResponse),
    );
  }

  async function send(first: URL, request: CheckRequest): Promise<Exchange> {
    const limit = AbortSignal.timeout(timeout);
    const signal = AbortSignal.any([deadline, limit]);
    const redirects: CheckedRedirect[] = [];
    for (let address = first; ;) {
      const own = address.origin === first.origin ? fields : {};
      const result = deadline.aborted
        ? failed(`it was not sent, because the check has taken ${total / 1000} seconds`)
        : await sendOnce(address, { ...request, fields: { ...own, ...request.fields } }, signal);
      const end = (last: CheckResult): Exchange => ({ redirects, address, result: last, at: Date.now() });
      if (result.type === 'failed')
        return end(limit.aborted ? failed(`there was no response within ${timeout / 1000} seconds`) : result);
      const target = request.method === 'OPTIONS' ? undefined : redirectTarget(result.response, address);
      if (target === undefined) return end(result);
      if (target === 'unusable') return end(failed('a redirect leads to an address that is no http:// or https://'));
      redirects.push({ status: result.response.status, from: address, to: target });
      if (redirects.length > MAX_REDIRECTS) return end(failed(`there are more than ${MAX_REDIRECTS} redirects`));
      address = target;
    }
  }

  return {
    send,
    close() {
      http.destroy();
      https.destroy();
    },
  };
}

function failed(reason: string): CheckResult {
  return { type: 'failed', reason };
}

/** @returns `undefined` if the response is no redirect */
function redirectTarget({ status, fields }: CheckResponse, base: URL): URL | 'unusable' | undefined {
  const location = fields.get('location');
  if (!REDIRECTS.has(status) || location === undefined) return undefined;
  // Node gives a character for each byte.
  const written = Buffer.from(location, 'latin1').toString('utf8');
  if (!URL.canParse(written, base.href)) return 'unusable';
  const target = new URL(written, base);
  target.username = '';
  target.password = '';
  return target.protocol === 'http:' || target.protocol === 'https:' ? target : 'unusable';
}

type OpenRequest = (onResponse: (incoming: IncomingMessage) => void) => ClientRequest;

/** Sends a request again if a kept connection turns out to be closed: nginx closes its own after a 412, for example. */
async function receive(read: number, open: OpenRequest): Promise<CheckResult> {
  for (;;) {
    const result = await receiveOnce(read, open);
    if (result !== 'stale connection') return result;
  }
}

function receiveOnce(read: number, open: OpenRequest): Promise<CheckResult | 'stale connection'> {
  return new Promise((resolve) => {
    const fail = (error: unknown) => resolve(failed(explainRequestError(error)));
    let hasHead = false;
    try {
      const request = open((incoming) => {
        hasHead = true;
        resolve(readResponse(incoming, read));
      });
      request.on('error', (error) => {
        // After the head, the reader of the content sees the same error, and keeps the bytes before it.
        if (hasHead) return;
        if (request.reusedSocket) resolve('stale connection');
        else fail(error);
      });
      request.end();
    } catch (error) {
      // A field or a path that Node refuses to send.
      fail(error);
    }
  });
}

async function readResponse(incoming: IncomingMessage, read: number): Promise<CheckResult> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  let end: CheckResponse['end'] = 'complete';
  try {
    for await (const chunk of incoming) {
      if (!(chunk instanceof Uint8Array)) continue;
      chunks.push(chunk);
      length += chunk.length;
      if (length > read) {
        // Leaving the loop closes the connection, so a large body is not transferred.
        end = 'stopped';
        break;
      }
    }
  } catch {
    end = 'broken';
  }
  const body = new Uint8Array(Buffer.concat(chunks).subarray(0, read));
  const fields = fieldsOf(incoming.rawHeaders);
  return { type: 'response', response: { status: incoming.statusCode ?? 0, fields, body, end } };
}

/** @param raw names and values by turns */
function fieldsOf(raw: readonly string[]): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase();
    const value = raw[i + 1] ?? '';
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return fields;
}
