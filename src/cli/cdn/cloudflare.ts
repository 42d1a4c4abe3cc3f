import { requestApi, type ApiResponse, type CdnPurge, type Environment, type Pause } from './request.ts';
import { usageError } from '../usage.ts';

/** Variables of Cloudflare's own tools. */
const TOKEN = 'CLOUDFLARE_API_TOKEN';
const ZONE = 'CLOUDFLARE_ZONE_ID';

/** The most URLs of one request on every plan. Enterprise zones may have 500. */
const BATCH = 100;

/** The most URLs of one request to an API that refuses larger ones, as it did for most plans until 2025. */
const SMALL_BATCH = 30;

/**
 * Purges URLs and tags from Cloudflare's cache.
 *
 * @param zone id of the zone; by default from the environment
 * @param report called with sentences for the user while the purge takes time
 * @throws UsageError if there is no zone or no token
 * @see https://developers.cloudflare.com/api/resources/cache/methods/purge/
 */
export function cloudflarePurge(
  zone: string | undefined,
  env: Environment,
  report: (sentence: string) => void,
  wait?: Pause,
): CdnPurge {
  const token = env[TOKEN] ?? '';
  const id = zone ?? env[ZONE] ?? '';
  if (token === '')
    throw usageError(`--cdn cloudflare needs a token in the variable ${TOKEN}, with the permission Cache Purge`);
  if (!/^[\w.~+/-]+={0,2}$/.test(token)) throw usageError(`${TOKEN} takes letters, digits and "-._~+/" alone`);
  if (!/^[\da-f]{32}$/i.test(id)) {
    throw usageError(`--cdn cloudflare needs the zone: --zone ID, or the variable ${ZONE}, with 32 hexadecimal digits`);
  }
  const base = env['CLOUDFLARE_API_BASE_URL'] ?? 'https://api.cloudflare.com/client/v4';
  const url = new URL(`${base.replace(/\/$/, '')}/zones/${id}/purge_cache`);
  const headers = () => ({ Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' });

  async function purgeBatch(kind: 'files' | 'tags', values: readonly string[]): Promise<string | undefined> {
    const body = JSON.stringify({ [kind]: values });
    const response = await requestApi({ url, method: 'POST', headers, body }, report, wait);
    const isTooLarge = response.type === 'response' && [400, 413].includes(response.status);
    if (isTooLarge && values.length > SMALL_BATCH) return purgeInBatches(kind, values, SMALL_BATCH);
    return refusalOf(response);
  }

  async function purgeInBatches(
    kind: 'files' | 'tags',
    values: readonly string[],
    size: number,
  ): Promise<string | undefined> {
    for (let start = 0; start < values.length; start += size) {
      const refusal = await purgeBatch(kind, values.slice(start, start + size));
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  return {
    async addresses(addresses) {
      const files = addresses.map(({ href }) => href);
      const refusal = await purgeInBatches('files', files, BATCH);
      return refusal ?? { done: `Cloudflare purges ${files.length} addresses within seconds` };
    },
    async tags(tags) {
      const refusal = await purgeInBatches('tags', tags, BATCH);
      return refusal ?? { done: `Cloudflare purges all responses with the tags ${tags.join(', ')} within seconds` };
    },
  };
}

/** @returns why the purge failed and what to do; `undefined` if it did not */
function refusalOf(response: ApiResponse): string | undefined {
  if (response.type === 'unreachable') return `Cloudflare ${response.reason}`;
  const { status, body } = response;
  const { isSuccess, message } = parseBody(body);
  if (status === 200 && isSuccess) return undefined;
  const says = message === '' ? '' : `: ${message}`;
  switch (status) {
    case 400:
      return `Cloudflare refuses the request${says}; the addresses have to be those of the zone`;
    case 401:
    case 403:
      return `Cloudflare refuses the token in ${TOKEN}${says}; it needs the permission Cache Purge for this zone`;
    case 404:
      return `Cloudflare knows no such zone${says}; --zone takes the id from the overview of the domain`;
    case 429:
      return `Cloudflare allows no more purges at the moment${says}; try again in a minute`;
    default:
      return `Cloudflare answers ${status}${says}`;
  }
}

function parseBody(body: string): { readonly isSuccess: boolean; readonly message: string } {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value !== 'object' || value === null) return { isSuccess: false, message: '' };
    const errors: unknown = Reflect.get(value, 'errors');
    const [first]: unknown[] = Array.isArray(errors) ? errors : [];
    const text: unknown = typeof first === 'object' && first !== null ? Reflect.get(first, 'message') : undefined;
    // A control character would be an escape sequence of the terminal.
    const message = typeof text === 'string' ? text.replaceAll(/[^ -~]/g, ' ').slice(0, 200) : '';
    return { isSuccess: Reflect.get(value, 'success') === true, message };
  } catch {
    return { isSuccess: false, message: '' };
  }
}
