import { verify } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { writable } from '../../src/platform/node/writable.ts';
import { behaviorsOf, type Behavior } from './cloudfront-behaviors.ts';
import { createEdgeCache, type CacheEntry, type EdgeCache } from './cloudfront-cache.ts';
import { runEdgeFunction, type EdgeRequest } from './edge-function.ts';
import type { Synthesised } from './synthesise.ts';

/** A request to an origin. */
export interface OriginRequest {
  readonly method: string;
  /** Path and query as the edge function left them. */
  readonly target: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** The parts of AWS that the distribution needs. */
export interface DistributionParts {
  readonly template: Synthesised;
  /** The key group: public keys in PEM by id. */
  readonly publicKeys: ReadonlyMap<string, string>;
  readonly origins: Readonly<Record<Behavior['origin'], (request: OriginRequest) => Promise<Response>>>;
  /** An empty folder for the cache. */
  readonly folder: string;
}

/** A response of the distribution, for tests. */
export interface Served {
  readonly path: string;
  readonly status: number;
  bytesFromCache: number;
  bytesFromOrigin: number;
}

/** A distribution on loopback. */
export interface Distribution extends AsyncDisposable {
  readonly url: string;
  readonly served: Served[];
  readonly cache: EdgeCache;
  /** The next responses with a body, each broken off after so many bytes. */
  readonly cuts: number[];
}

/**
 * Serves a distribution of a template over HTTP: a stand-in for CloudFront that does what its documentation says of
 * behaviours, policies, edge functions, signed addresses, keys, ages and ranges. It has one edge location, no TLS, and
 * no limits, and it was never compared with CloudFront.
 */
export async function serveDistribution(parts: DistributionParts): Promise<Distribution> {
  const behaviors = behaviorsOf(parts.template);
  const state = { served: [] as Served[], cache: createEdgeCache(parts.folder), cuts: [] as number[] };
  const server = createServer((req, res) => {
    answer(req, res, behaviors, parts, state).catch((error: unknown) => {
      if (res.headersSent) res.destroy();
      else res.writeHead(502, { 'X-Error': String(error).replaceAll(/[^ -~]/g, ' ') }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    ...state,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      state.cache.clear();
    },
  };
}

type State = Pick<Distribution, 'served' | 'cache' | 'cuts'>;

async function answer(
  req: IncomingMessage,
  res: ServerResponse,
  behaviors: readonly Behavior[],
  parts: DistributionParts,
  state: State,
): Promise<void> {
  const { method = 'GET', url = '/' } = req;
  const behavior = behaviors.find(({ path }) => url.startsWith(path));
  if (behavior === undefined) throw new Error('there is no default behaviour');
  const [path = '/', query = ''] = url.split(/\?(.*)/s);
  const record: Served = { path, status: 0, bytesFromCache: 0, bytesFromOrigin: 0 };
  const send = (status: number, fields: Readonly<Record<string, string>>) => {
    state.served.push(Object.assign(record, { status }));
    // By name, in whatever case: a policy replaces fields of the origin.
    for (const [name, value] of Object.entries({ ...fields, ...behavior.responseFields })) res.setHeader(name, value);
    return res.writeHead(status);
  };
  if (behavior.isSigned && !isSigned(req.headers.host ?? '', path, query, parts.publicKeys)) {
    send(403, { 'Content-Type': 'text/xml' }).end('<Error><Code>AccessDenied</Code></Error>');
    return;
  }
  const edge = runEdgeFunction(behavior.functionCode, toEdgeRequest(req, path, query), req.socket.remoteAddress);
  if (edge.type === 'response') {
    const fields = Object.entries(edge.headers).map(([name, { value }]) => [name, value]);
    send(edge.status, Object.fromEntries(fields)).end();
    return;
  }
  const aborted = new AbortController();
  res.once('close', () => aborted.abort());
  const ask = (asked: string, more: Readonly<Record<string, string>>) =>
    parts.origins[behavior.origin](toOriginRequest(edge, behavior, asked, more, aborted.signal));
  const key = keyOf(edge, behavior);
  const range = method === 'GET' ? edge.headers['range']?.value : undefined;
  const kept = state.cache.get(key);
  const fresh = kept !== undefined && Date.now() < kept.freshUntil && method === 'GET' ? kept : undefined;
  const first = fresh === undefined ? await ask(method, range === undefined ? {} : { range }) : undefined;
  const entry = fresh ?? (first === undefined ? undefined : store(first, key, behavior, state.cache));
  if (entry === undefined) {
    if (first === undefined) throw new Error('neither an entry nor a response');
    // Not stored: passed on as it is.
    const fields = Object.fromEntries(first.headers);
    send(first.status, { ...fields, 'X-Cache': first.status < 400 ? 'Miss from cloudfront' : 'Error from cloudfront' });
    for await (const chunk of first.body ?? []) {
      record.bytesFromOrigin += chunk.length;
      res.write(chunk);
    }
    res.end();
    return;
  }
  if (edge.headers['if-none-match']?.value === entry.etag && fresh !== undefined && entry.etag !== undefined) {
    send(304, { ETag: entry.etag, 'X-Cache': 'Hit from cloudfront' }).end();
    return;
  }
  const span = spanOf(first?.status === 200 ? undefined : range, entry, edge);
  await sendBody(res, entry, span, { first, ask, send, record, cut: state.cuts.shift() });
}

interface Sending {
  readonly first: Response | undefined;
  readonly ask: (method: string, more: Readonly<Record<string, string>>) => Promise<Response>;
  readonly send: (status: number, fields: Readonly<Record<string, string>>) => ServerResponse;
  readonly record: Served;
  readonly cut: number | undefined;
}

/** Sends stored bytes, and asks the origin for those between them. */
async function sendBody(
  res: ServerResponse,
  entry: CacheEntry,
  span: { readonly start: number; readonly end: number; readonly isRange: boolean },
  { first, ask, send, record, cut = Number.POSITIVE_INFINITY }: Sending,
): Promise<void> {
  const { start, end, isRange } = span;
  const isHit = first === undefined && entry.storedUntil(start) >= end;
  send(isRange ? 206 : 200, {
    ...entry.fields,
    'Content-Length': String(end - start),
    ...(isRange ? { 'Content-Range': `bytes ${start}-${end - 1}/${entry.size}` } : {}),
    Age: String(Math.floor((Date.now() - entry.stored) / 1000)),
    'X-Cache': isHit ? 'Hit from cloudfront' : 'Miss from cloudfront',
  });
  let sent = 0;
  const write = async (bytes: Uint8Array): Promise<void> => {
    const left = cut - sent;
    sent += bytes.length;
    if (bytes.length >= left) {
      res.write(bytes.subarray(0, left), () => res.destroy());
      await new Promise((resolve) => res.once('close', resolve));
      throw new Error('cut');
    }
    if (!res.write(bytes) && !res.destroyed) await writable(res);
    if (res.destroyed) throw new Error('the client left');
  };
  let position = start;
  let pending = first;
  while (position < end) {
    const until = Math.min(end, entry.storedUntil(position), position + 1024 * 1024);
    if (until > position && pending === undefined) {
      record.bytesFromCache += until - position;
      await write(entry.read(position, until));
      position = until;
      continue;
    }
    const last = Math.min(end, entry.nextStored(position)) - 1;
    const response = pending ?? (await ask('GET', { range: `bytes=${position}-${last}` }));
    pending = undefined;
    if (response.status !== 206 && response.status !== 200) throw new Error(`the origin answers ${response.status}`);
    if ((response.headers.get('ETag') ?? undefined) !== entry.etag) throw new Error('the origin has another version');
    for await (const chunk of response.body ?? []) {
      const bytes = chunk.subarray(0, end - position);
      entry.write(position, bytes);
      record.bytesFromOrigin += bytes.length;
      await write(bytes);
      position += bytes.length;
    }
  }
  res.end();
}

/** The range of a request, as far as the stored representation has it; the whole for several ranges. */
function spanOf(range: string | undefined, { size, etag }: CacheEntry, { headers }: EdgeRequest) {
  const whole = { start: 0, end: size, isRange: false };
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? [];
  const ifRange = headers['if-range']?.value;
  if (from + to === '' || (ifRange !== undefined && ifRange !== etag)) return whole;
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === '' || to === '' ? size : Math.min(size, Number(to) + 1);
  return start < end ? { start, end, isRange: true } : whole;
}

/** Opens an entry for a response that may be stored. */
function store(response: Response, key: string, { ttl }: Behavior, cache: EdgeCache): CacheEntry | undefined {
  const { status, headers } = response;
  const seconds = freshSeconds(headers.get('Cache-Control') ?? '', ttl);
  const size = Number(status === 206 ? headers.get('Content-Range')?.split('/')[1] : headers.get('Content-Length'));
  if ((status !== 200 && status !== 206) || !Number.isInteger(size) || seconds === 0 || size === 0) return undefined;
  const etag = headers.get('ETag') ?? undefined;
  const other = cache.get(key);
  // A request that came at the same time has opened it.
  if (other !== undefined && Date.now() < other.freshUntil && other.etag === etag && other.size === size) return other;
  const { 'content-range': _, 'content-length': __, connection: ___, ...fields } = Object.fromEntries(headers);
  const freshUntil = Date.now() + seconds * 1000;
  return cache.open(key, { fields, size, etag, freshUntil });
}

/** "Specify the amount of time that CloudFront caches objects": the table for a minimum of 0 and for one above it. */
function freshSeconds(cacheControl: string, { min, byDefault, max }: Behavior['ttl']): number {
  const directives = cacheControl.toLowerCase().split(/\s*,\s*/);
  if (directives.some((name) => ['private', 'no-store', 'no-cache'].includes(name))) return min;
  const ages = ['s-maxage=', 'max-age='].map((name) => directives.find((one) => one.startsWith(name)));
  const written = ages.find((age) => age !== undefined)?.split('=')[1];
  return Math.min(Math.max(min, written === undefined ? byDefault : Number(written)), max);
}

/** The parameters that CloudFront takes for itself. */
const SIGNATURE = new Set(['Expires', 'Policy', 'Signature', 'Key-Pair-Id', 'Hash-Algorithm']);

function withoutSignature(query: string): readonly string[] {
  return query.split('&').filter((pair) => pair !== '' && !SIGNATURE.has(pair.split('=')[0] ?? ''));
}

/** Whether a canned policy of this address is signed by a key of the group, and has not expired. */
function isSigned(host: string, path: string, query: string, keys: ReadonlyMap<string, string>): boolean {
  const parameters = new URLSearchParams(query);
  const [expires = '', signature = '', id = '', hash] = ['Expires', 'Signature', 'Key-Pair-Id', 'Hash-Algorithm'].map(
    (name) => parameters.get(name) ?? undefined,
  );
  const key = keys.get(id);
  if (key === undefined || !/^\d+$/.test(expires) || Number(expires) * 1000 <= Date.now()) return false;
  const others = withoutSignature(query);
  const resource = `https://${host}${path}${others.length === 0 ? '' : `?${others.join('&')}`}`;
  const policy = `{"Statement":[{"Resource":"${resource}","Condition":{"DateLessThan":{"AWS:EpochTime":${expires}}}}]}`;
  const bytes = Buffer.from(signature.replaceAll('-', '+').replaceAll('_', '=').replaceAll('~', '/'), 'base64');
  return verify(hash === 'SHA256' ? 'sha256' : 'sha1', Buffer.from(policy), key, bytes);
}

function toEdgeRequest({ method = 'GET', headers }: IncomingMessage, uri: string, query: string): EdgeRequest {
  const pairs = withoutSignature(query).map((pair) => {
    const [name = '', value = ''] = pair.split(/=(.*)/s);
    return [name, { value }] as const;
  });
  const fields = Object.entries(headers).map(
    ([name, value]) => [name, { value: [value ?? ''].flat().join(', ') }] as const,
  );
  return { method, uri, querystring: Object.fromEntries(pairs), headers: Object.fromEntries(fields) };
}

function keyOf({ uri, querystring, headers }: EdgeRequest, { key, path }: Behavior): string {
  const parameters = key.parameters.map((name) => [name, querystring[name]?.value]);
  return JSON.stringify([path, uri, parameters, key.fields.map((name) => [name, headers[name]?.value])]);
}

function toOriginRequest(
  { uri, querystring, headers }: EdgeRequest,
  { forwardsField, forwardsQuery, key }: Behavior,
  method: string,
  more: Readonly<Record<string, string>>,
  signal: AbortSignal,
): OriginRequest {
  const { range: _, ...others } = headers;
  const fields = Object.entries(others).filter(([name]) => name !== 'connection' && forwardsField(name));
  const query = Object.entries(querystring)
    .filter(([name]) => forwardsQuery || key.parameters.includes(name))
    .map(([name, { value }]) => (value === '' ? name : `${name}=${value}`));
  return {
    method,
    target: query.length === 0 ? uri : `${uri}?${query.join('&')}`,
    fields: { ...Object.fromEntries(fields.map(([name, { value }]) => [name, value])), ...more },
    signal,
  };
}
