import type { NodeRequest } from './node-request.ts';

/**
 * A Request that creates the web Request on first use, which takes a tenth of the time of a small request. Only a
 * gateway receives one, because no app's code sees it there. An app receives a real Request: there is no documented way
 * to build an object that `new Request(object)` and `fetch(object)` accept.
 *
 * It is a class because getters on a prototype add no cost per request.
 */
class LazyRequest implements Request {
  readonly method: string;
  readonly url: string;
  readonly signal: AbortSignal;
  readonly #received: NodeRequest;
  #webRequest: Request | undefined;

  constructor(received: NodeRequest, signal: AbortSignal) {
    this.method = received.method;
    this.url = received.address.href;
    this.signal = signal;
    this.#received = received;
  }

  get #web(): Request {
    const { method, url, signal } = this;
    const headers = [...this.#received.headers].map(([name, value]): [string, string] => [name, value]);
    this.#webRequest ??= new Request(url, { method, signal, headers });
    return this.#webRequest;
  }

  get headers(): Headers {
    return this.#web.headers;
  }

  get cache(): Request['cache'] {
    return this.#web.cache;
  }

  get credentials(): Request['credentials'] {
    return this.#web.credentials;
  }

  get destination(): Request['destination'] {
    return this.#web.destination;
  }

  get integrity(): Request['integrity'] {
    return this.#web.integrity;
  }

  get keepalive(): Request['keepalive'] {
    return this.#web.keepalive;
  }

  get mode(): Request['mode'] {
    return this.#web.mode;
  }

  get redirect(): Request['redirect'] {
    return this.#web.redirect;
  }

  get referrer(): Request['referrer'] {
    return this.#web.referrer;
  }

  get referrerPolicy(): Request['referrerPolicy'] {
    return this.#web.referrerPolicy;
  }

  get duplex(): Request['duplex'] {
    return this.#web.duplex;
  }

  get body(): Request['body'] {
    return this.#web.body;
  }

  get bodyUsed(): Request['bodyUsed'] {
    return this.#web.bodyUsed;
  }

  clone(): ReturnType<Request['clone']> {
    return this.#web.clone();
  }

  arrayBuffer(): ReturnType<Request['arrayBuffer']> {
    return this.#web.arrayBuffer();
  }

  blob(): ReturnType<Request['blob']> {
    return this.#web.blob();
  }

  bytes(): ReturnType<Request['bytes']> {
    return this.#web.bytes();
  }

  formData(): ReturnType<Request['formData']> {
    return this.#web.formData();
  }

  json(): ReturnType<Request['json']> {
    return this.#web.json();
  }

  text(): ReturnType<Request['text']> {
    return this.#web.text();
  }
}

/**
 * Creates a Request that becomes a web Request when a member other than `method`, `url` or `signal` is read.
 *
 * @param signal of the Request; aborted when the client disconnects
 */
export function lazyRequest(received: NodeRequest, signal: AbortSignal): Request {
  return new LazyRequest(received, signal);
}
