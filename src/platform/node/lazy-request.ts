import type { NodeRequest } from './node-request.ts';

/**
 * A Request for gateways alone, in which no code of an app's sees it: the web's own takes a tenth of a small request.
 * There is no documented way to make one that `new Request(it)` and `fetch(it)` read, so apps get real ones.
 *
 * A class, since a getter of a prototype costs a request nothing.
 */
class LazyRequest implements Request {
  readonly method: string;
  readonly url: string;
  readonly signal: AbortSignal;
  readonly #asked: NodeRequest;
  #real: Request | undefined;

  constructor(asked: NodeRequest, signal: AbortSignal) {
    this.method = asked.method;
    this.url = asked.address.href;
    this.signal = signal;
    this.#asked = asked;
  }

  get #web(): Request {
    const { method, url, signal } = this;
    const headers = [...this.#asked.headers].map(([name, value]): [string, string] => [name, value]);
    this.#real ??= new Request(url, { method, signal, headers });
    return this.#real;
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

/** Makes the Request of what Node's parser has told. */
export function lazyRequest(asked: NodeRequest, signal: AbortSignal): Request {
  return new LazyRequest(asked, signal);
}
