import { parseHttpDate } from '../../http/index.ts';
import { readCacheSignal } from './cache-signals.ts';
import { finding, judgeResponse, type Evidence, type Finding } from './evidence.ts';
import { readLinkExpiry } from './link-expiry.ts';
import { PREFLIGHT_FIELDS, type ProbeName } from './probes.ts';

/** How many redirects lead to the object, and where. */
export function checkRedirects({ address, exchanges }: Evidence): Finding {
  const redirects = exchanges.first?.redirects ?? [];
  const last = exchanges.first?.address ?? address;
  if (redirects.length === 0) return finding('ok', 'none', 'the address itself answers');
  const target = last.origin === address.origin ? 'on the same origin' : `to ${last.origin}`;
  const seen = `${redirects.map(({ status }) => status).join(', ')} ${target}`;
  if (address.protocol === 'https:' && last.protocol === 'http:')
    return finding('fault', seen, 'the object is sent without TLS: it can be read and changed on its way');
  const range = exchanges.range?.redirects.length ?? redirects.length;
  if (range !== redirects.length)
    return finding('warning', `${seen}; for a range ${range}`, 'a range is answered at another place than the whole');
  if (last.origin !== address.origin)
    return finding('warning', seen, 'each request of a download takes another round trip, and pages need CORS at both');
  return finding('ok', seen, 'each request of a download takes another round trip');
}

/** The fields in which HEAD and GET have to agree (§9.3.2). */
const HEAD_FIELDS = [
  'Content-Length',
  'ETag',
  'Last-Modified',
  'Content-Type',
  'Content-Encoding',
  'Content-Disposition',
  'Accept-Ranges',
  'Cache-Control',
] as const;

/** The fields of which a client takes wrong facts if they differ. */
const IDENTIFYING: ReadonlySet<string> = new Set(['Content-Length', 'ETag', 'Content-Encoding']);

/** Whether HEAD has the fields of GET. */
export function checkHead(evidence: Evidence): Finding {
  return judgeResponse(evidence, 'head', '', ({ status, fields }) => {
    if (status !== 200) {
      const means =
        'clients that look first, such as download managers, fail; an address that is signed for GET does this';
      return finding('warning', `${status}`, means);
    }
    const { first } = evidence;
    const different = HEAD_FIELDS.filter(
      (name) => fields.get(name.toLowerCase()) !== first.fields.get(name.toLowerCase()),
    );
    if (different.length === 0)
      return finding('ok', 'equal to GET', 'clients that look first learn the right length and version');
    const wrong = different.filter((name) => IDENTIFYING.has(name) && fields.has(name.toLowerCase()));
    return wrong.length > 0
      ? finding('fault', `another ${wrong.join(', ')} than GET`, 'clients that look first plan with wrong facts')
      : finding('warning', `another ${different.join(', ')} than GET`, 'clients that look first know less');
  });
}

/** Whether pages of another origin may ask for ranges (Fetch, CORS-preflight). */
export function checkPreflight(evidence: Evidence): Finding {
  return judgeResponse(evidence, 'preflight', '', ({ status, fields }) => {
    const closed = "pages of other origins can't resume; downloads by a link are not affected";
    if (status >= 300 && status < 400)
      return finding('warning', `${status}`, 'browsers follow no redirect of a preflight');
    if (status < 200 || status > 299 || !allowsOrigin(evidence, fields))
      return finding('warning', `${status}, not allowed`, closed);
    const allowed = listOf(fields.get('access-control-allow-headers'));
    const missing = PREFLIGHT_FIELDS.filter((name) => !allowed.has(name) && !allowed.has('*'));
    return missing.length === 0
      ? finding('ok', 'Range, If-Range and If-Match', 'pages of other origins can resume')
      : finding('warning', `without ${missing.join(', ')}`, 'pages of other origins can read, but not resume safely');
  });
}

/** The response fields that a page needs to resume, and that browsers hide by default. */
const EXPOSED = ['content-range', 'etag'] as const;

/** Whether pages of another origin can read the length and the version. */
export function checkExposedFields(evidence: Evidence): Finding {
  return judgeResponse(evidence, 'page', '', ({ fields }) => {
    if (!allowsOrigin(evidence, fields))
      return finding(
        'warning',
        'no Access-Control-Allow-Origin',
        "pages of other origins can't read it; downloads by a link are not affected",
      );
    const exposed = listOf(fields.get('access-control-expose-headers'));
    const hidden = EXPOSED.filter((name) => !exposed.has(name) && !exposed.has('*'));
    return hidden.length === 0
      ? finding('ok', 'Content-Range and ETag', 'pages of other origins see which bytes and version they get')
      : finding(
          'warning',
          `without ${hidden.join(', ')}`,
          "pages of other origins can't see which bytes or version they get",
        );
  });
}

function allowsOrigin({ subject }: Evidence, fields: ReadonlyMap<string, string>): boolean {
  const allowed = fields.get('access-control-allow-origin');
  return allowed === '*' || allowed === subject.origin;
}

function listOf(value = ''): ReadonlySet<string> {
  return new Set(value.split(',').map((one) => one.trim().toLowerCase()));
}

/** Whether the whole comes from a cache. */
export function checkCache(evidence: Evidence): Finding {
  return judgeCached(evidence, 'whole-again', 'each download is read from the origin');
}

/** Whether ranges come from a cache. */
export function checkCachedRange(evidence: Evidence): Finding {
  return judgeCached(evidence, 'range-cached', 'each resumed download is read from the origin');
}

function judgeCached(evidence: Evidence, name: ProbeName, uncached: string): Finding {
  return judgeResponse(evidence, name, 'the object is empty, so it has no ranges', (response) => {
    const signal = readCacheSignal(response.fields);
    // Later requests may be hits because of the first one.
    const wasCached = readCacheSignal(evidence.first.fields)?.outcome === 'hit';
    const isPartial = name === 'range-cached' && response.status !== 206;
    const part = isPartial ? `${response.status}, ` : '';
    if (signal === undefined) return finding('warning', `${part}no cache shows itself`, uncached);
    const control = response.fields.get('cache-control');
    const reason = control === undefined ? 'there is no Cache-Control' : `Cache-Control: ${control}`;
    switch (signal.outcome) {
      case 'hit':
        return finding(
          'ok',
          `${part}a hit${wasCached ? ' from the first request on' : ''}, ${signal.seen}`,
          'repeated requests are answered by the cache',
        );
      case 'miss':
        return finding('warning', `${part}no hit, ${signal.seen}`, `${uncached}; ${reason}`);
      case 'bypass':
        return finding('warning', `${part}not cached, ${signal.seen}`, `${uncached}; ${reason}`);
    }
  });
}

/** A link that is valid for less than this is told, in seconds: large downloads take longer. */
const SHORT = 3600;

/** How long a signed address is valid. */
export function checkExpiry({ address, exchanges, first }: Evidence): Finding {
  const at = Math.floor((exchanges.first?.at ?? 0) / 1000);
  // The server's clock decides.
  const now = parseHttpDate(first.fields.get('date') ?? '', at) ?? at;
  const own = readLinkExpiry(address);
  const last = exchanges.first?.address ?? address;
  const end = own ?? readLinkExpiry(last);
  if (end === undefined) return finding('ok', 'none in the address', 'a download can be resumed at any time');
  const left = end - now;
  const seen = left > 0 ? `${printSeconds(left)} left, until ${printInstant(end)}` : `since ${printInstant(end)}`;
  if (own === undefined)
    return finding('ok', `of the redirect's target: ${seen}`, 'each request gets a new one from this address');
  if (left <= 0)
    return finding('warning', seen, 'it was answered all the same, by a cache or without checking the time');
  return left < SHORT
    ? finding('warning', seen, 'a download that is interrupted later needs a new link')
    : finding('ok', seen, 'until then a download can be resumed');
}

function printInstant(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? 'a time that is no date' : date.toISOString().replace('.000Z', 'Z');
}

/** Prints a duration for people: `36 s`, `12 min`, `5 h 3 min`, `6 days`. */
function printSeconds(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

/** The name under which browsers save the object (RFC 6266). */
export function checkFileName({ first, exchanges, address }: Evidence): Finding {
  const value = first.fields.get('content-disposition');
  if (value === undefined) {
    const path = (exchanges.first?.address ?? address).pathname;
    const name = path.slice(path.lastIndexOf('/') + 1);
    return name === ''
      ? finding('warning', 'no Content-Disposition, and no name in the address', 'browsers invent a file name')
      : finding('ok', 'no Content-Disposition', `browsers save it as ${shortened(name)}, if they do not show it`);
  }
  if (/[\x80-\xff]/.test(value) && !/filename\*\s*=/i.test(value))
    return finding(
      'warning',
      'Content-Disposition with a name that is not ASCII',
      'browsers guess its characters; filename* tells them',
    );
  if (!/^\s*[\w!#$%&'*+.^`|~-]+\s*(?:;|$)/.test(value))
    return finding('warning', 'Content-Disposition that is malformed', 'browsers ignore it');
  const type = /^\s*inline\b/i.test(value) ? 'browsers may show it' : 'browsers save it';
  return finding('ok', shortened(value.replaceAll(/[^\x20-\x7e]/g, '?')), type);
}

function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
