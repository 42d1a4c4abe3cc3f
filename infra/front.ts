import type { AccessConfig } from '../src/config/access-config.ts';
import type { Config, MountConfig } from '../src/config/config.ts';
import { forbidsSharedCaches } from '../src/http/cache-control.ts';
import { answerKey, type AnswerKey } from '../src/http/answer-inputs.ts';
import { BUFFERED_LIMIT } from '../src/platform/lambda/buffered.ts';

/**
 * The address that clients use:
 *
 * - `stream`: the function URL, public, up to 200 MB an answer; more is redirected to S3
 * - `buffered`: the function URL, public, up to 6 MB of payload an answer; more is redirected to S3
 * - `cloudfront`: a distribution that alone may call the function URL. Buffered, since CloudFront answers a Range with
 *   the whole file where its origin is chunked, as every stream is.
 */
export type Front = 'stream' | 'buffered' | 'cloudfront';

/** An access rule that consists of no other rules. */
export type SimpleRule = Exclude<AccessConfig, { readonly rules: unknown }>;

/** The simple rules that an access rule consists of. */
export function simpleRules(access: AccessConfig): readonly SimpleRule[] {
  return typeof access === 'object' && 'rules' in access ? access.rules.flatMap(simpleRules) : [access];
}

/**
 * The parts of a request on which answers depend, for CloudFront. CloudFront heeds no Vary, and an answer that was
 * asked for with a signed link or from a page must be given to no request without it, not even to one that came while
 * the first was under way (CloudFront joins requests with one key).
 */
export function cacheKeyOf({ mounts, transfers }: Config): AnswerKey {
  const rules = new Set(mounts.flatMap(({ access }) => simpleRules(access)).map(typeOf));
  return answerKey({
    hasLinks: rules.has('signed'),
    hasListings: mounts.some(({ listing }) => listing !== undefined && listing !== false),
    hasPieces: mounts.some(({ pieces }) => pieces !== undefined && pieces !== false),
    hasTransfers: transfers !== undefined,
    hasPages: mounts.some(({ listing }) => listing === 'html'),
    listsOrigins: mounts.some(({ cors }) => Array.isArray(cors.origins)),
    listsReferers: rules.has('referer'),
    hasHosts: mounts.some(({ host }) => host !== undefined),
  });
}

function typeOf(rule: SimpleRule): 'public' | Exclude<SimpleRule, string>['type'] {
  return rule === 'public' ? rule : rule.type;
}

/**
 * The Cache-Control of public mounts behind CloudFront that set none, for objects that have none stored: without it
 * nothing would be cached. A replaced object is old for a minute, and for another one while CloudFront asks for the new
 * one; browsers ask each time.
 */
export const DEFAULT_CACHE_CONTROL = 'public, max-age=0, s-maxage=60, stale-while-revalidate=60';

/**
 * Adds {@link DEFAULT_CACHE_CONTROL} to public mounts.
 *
 * @param settings valid ones, as written
 */
export function withCacheControl(settings: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { cacheControl, access = 'public', mounts } = settings;
  if (cacheControl !== undefined) return settings;
  if (!Array.isArray(mounts))
    return access === 'public' ? { cacheControl: DEFAULT_CACHE_CONTROL, ...settings } : settings;
  const tables: readonly Readonly<Record<string, unknown>>[] = mounts;
  return {
    ...settings,
    mounts: tables.map((mount) => {
      const isPublic = (mount['access'] ?? access) === 'public';
      return isPublic ? Object.assign({ cacheControl: DEFAULT_CACHE_CONTROL }, mount) : mount;
    }),
  };
}

/**
 * Finds settings that can have no effect on the function, or that the front keeps from working.
 *
 * @returns a sentence for each, after the path of the setting
 */
export function findUnusable(config: Config, front: Front): readonly string[] {
  const { mounts, cache, limits, metrics, purge, trustedProxies } = config;
  const isBehind = front === 'cloudfront';
  return [
    ...(trustedProxies > 0
      ? ["trustedProxies: the function has the client's address from AWS and reads no X-Forwarded-For; leave it out"]
      : []),
    ...(metrics !== undefined && metrics !== 'off'
      ? [`metrics: the log is the metric on Lambda, see docs/metrics.md; leave "${metrics}" out`]
      : []),
    ...(limits.drainDelay > 0 ? ['limits.drainDelay: only rangeway serve is stopped by a signal; leave it out'] : []),
    ...(cache !== undefined && cache.type !== 'memory'
      ? [
          `cache: the function has no cache of the type "${cache.type}"; use "memory", or front=cloudfront for a cache in front`,
        ]
      : []),
    ...(purge !== undefined && isBehind
      ? [
          'purge: CloudFront takes no PURGE and forwards no token; use an invalidation of CloudFront and a short blocks.ttl',
        ]
      : []),
    ...mounts.flatMap((mount, i) => findInMount(mount, front).map((problem) => `${placeOf(mounts, i)}${problem}`)),
  ];
}

/** Before the fields of a mount, in messages. One mount may have been written without the list. */
export function placeOf({ length }: Config['mounts'], index: number): string {
  return length > 1 ? `mounts.${index}.` : '';
}

function findInMount(mount: MountConfig, front: Front): readonly string[] {
  const { host, store, fallback, access, cacheControl, parallelReads = false } = mount;
  const isBehind = front === 'cloudfront';
  const other = [store, fallback].some((one) => one !== undefined);
  const isGuarded = access !== 'public';
  return [
    ...(host === undefined
      ? []
      : ['host: the function sees the host of its own URL in every request; use a path for each mount']),
    ...(other ? ["store, fallback: the function reads its stack's bucket alone; use a prefix for each mount"] : []),
    ...(front !== 'stream' && parallelReads !== false && parallelReads.partSize >= BUFFERED_LIMIT
      ? [
          `parallelReads: has no effect, since a buffered answer has ${BUFFERED_LIMIT} bytes at the most and a part ` +
            `${parallelReads.partSize}; use a smaller partSize, or front=stream`,
        ]
      : []),
    ...(isBehind ? simpleRules(access).flatMap(findInRule) : []),
    ...(isBehind && isGuarded && cacheControl !== undefined && forbidsSharedCaches(cacheControl) !== true
      ? [
          'cacheControl: CloudFront would give out what it keeps without asking the rule; ' +
            'use a value with "private" or "no-store", or leave it out',
        ]
      : []),
  ];
}

/** Rules whose part of the request CloudFront does not forward. */
function findInRule(rule: SimpleRule): readonly string[] {
  const type = typeOf(rule);
  switch (type) {
    case 'basic':
    case 'jwt':
      return [
        `access: "${type}" needs Authorization, and CloudFront puts its own signature there; use "signed", "ip" or ` +
          '"referer", or front=stream or front=buffered',
      ];
    case 'public':
    case 'signed':
    case 'ip':
    case 'referer':
      return [];
  }
}
