/** A request of a log, as the gateway imports it. */
export interface LoggedRequest {
  /** When it began and ended, in ms since the epoch. */
  readonly at: number;
  readonly endedAt: number;
  readonly host: string;
  /** Percent-encoded, with its query. */
  readonly target: string;
  readonly address: string;
  readonly agent: string;
  readonly status: 200 | 206;
  /** The first byte and the end of a 206, half-open. */
  readonly range?: readonly [start: number, end: number] | undefined;
  /** Bytes of the body that were sent; absent if the log does not tell. */
  readonly bytes?: number | undefined;
}

/** A line of a log, and whether the gateway has seen its request too. */
export interface LogLine {
  readonly request: LoggedRequest;
  readonly isFromCache: boolean;
}

/** Reads the lines of one log. A line that is no response with bytes of an object is `undefined`. */
export type LogReader = (line: string) => LogLine | undefined;

/** Results of CloudFront whose bytes came from its cache. */
const CLOUDFRONT_HITS = new Set(['Hit', 'RefreshHit', 'OriginShieldHit']);

/**
 * Reads standard logs of CloudFront, which are tables with tabs. Their line `#Fields:` names the columns.
 *
 * `sc-bytes` counts the head too, so only a body that is complete has a known length.
 */
export function cloudFrontLog(): LogReader {
  let names: readonly string[] = [];
  return (line) => {
    if (line.startsWith('#Fields:')) names = line.slice('#Fields:'.length).trim().split(/\s+/);
    if (line.startsWith('#')) return undefined;
    const values = line.split('\t');
    const columns = new Map(names.map((name, i) => [name, values[i]]));
    const get = (name: string) => {
      const value = columns.get(name);
      return value === undefined || value === '-' ? undefined : value;
    };
    const status = statusOf(get('sc-status'));
    const endedAt = Date.parse(`${get('date')}T${get('time')}Z`);
    const [stem, address] = [get('cs-uri-stem'), get('c-ip')];
    if (get('cs-method') !== 'GET' || status === undefined || stem === undefined || address === undefined)
      return undefined;
    if (Number.isNaN(endedAt)) return undefined;
    const query = get('cs-uri-query');
    const range = toRange(get('sc-range-start'), get('sc-range-end'));
    const length = toCount(get('sc-content-len')) ?? (range === undefined ? undefined : range[1] - range[0]);
    const isBroken = get('x-edge-result-type') === 'Error' || get('x-edge-detailed-result-type') === 'ClientCommError';
    const isComplete = !isBroken && length !== undefined && (toCount(get('sc-bytes')) ?? 0) > length;
    return {
      isFromCache: CLOUDFRONT_HITS.has(get('x-edge-result-type') ?? ''),
      request: {
        at: endedAt - Math.round(Number(get('time-taken') ?? 0) * 1000),
        endedAt,
        host: get('x-host-header') ?? get('cs(Host)') ?? 'localhost',
        target: query === undefined ? stem : `${stem}?${query}`,
        address,
        agent: decoded(get('cs(User-Agent)') ?? ''),
        status,
        range: status === 206 ? range : undefined,
        bytes: isComplete ? length : undefined,
      },
    };
  };
}

/** Results of Cloudflare whose bytes came from its cache. */
const CLOUDFLARE_HITS = new Set(['hit', 'stale', 'updating', 'revalidated']);

/**
 * Reads the dataset "HTTP requests" of Cloudflare's Logpush, a JSON object a line. The range of a 206 is in the custom
 * field `ResponseHeaders`, as Content-Range.
 */
export function cloudflareLog(): LogReader {
  return (line) => {
    const fields = parseObject(line);
    const text = (name: string) => {
      const value: unknown = Reflect.get(fields, name);
      return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
    };
    const status = statusOf(text('EdgeResponseStatus'));
    const [target, address, host] = [text('ClientRequestURI'), text('ClientIP'), text('ClientRequestHost')];
    const endedAt = toTime(text('EdgeEndTimestamp') ?? text('EdgeStartTimestamp'));
    if (text('ClientRequestMethod') !== 'GET' || status === undefined || endedAt === undefined) return undefined;
    if (target === undefined || address === undefined || host === undefined) return undefined;
    return {
      isFromCache: CLOUDFLARE_HITS.has(text('CacheCacheStatus') ?? ''),
      request: {
        at: toTime(text('EdgeStartTimestamp')) ?? endedAt,
        endedAt,
        host,
        target,
        address,
        agent: text('ClientRequestUserAgent') ?? '',
        status,
        range: status === 206 ? contentRange(Reflect.get(fields, 'ResponseHeaders')) : undefined,
        bytes: toCount(text('EdgeResponseBodyBytes')),
      },
    };
  };
}

function statusOf(text: string | undefined): 200 | 206 | undefined {
  return text === '200' ? 200 : text === '206' ? 206 : undefined;
}

function toCount(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** @param last inclusive, as Content-Range has it */
function toRange(first: string | undefined, last: string | undefined): readonly [number, number] | undefined {
  const [start, end] = [toCount(first), toCount(last)];
  return start === undefined || end === undefined ? undefined : [start, end + 1];
}

function contentRange(headers: unknown): readonly [number, number] | undefined {
  const fields = typeof headers === 'object' && headers !== null ? Object.entries(headers) : [];
  const found: unknown = fields.find(([name]) => name.toLowerCase() === 'content-range')?.[1];
  const [, first, last] = /^bytes (\d+)-(\d+)\//.exec(typeof found === 'string' ? found : '') ?? [];
  return toRange(first, last);
}

/** Reads a time in one of Logpush's three forms: RFC 3339, seconds, and nanoseconds. */
function toTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{10}$/.test(text)) return Number(text) * 1000;
  const time = /^\d{19}$/.test(text) ? Math.floor(Number(text) / 1e6) : Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

function parseObject(line: string): object {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** CloudFront percent-encodes fields. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
