import { dig, isRecord, toList } from './json.ts';
import type { Synthesised } from './synthesise.ts';

/** A cache behaviour as a template describes it. */
export interface Behavior {
  /** The beginning of the paths that it is for; empty for the default one. */
  readonly path: string;
  readonly origin: 'lambda' | 's3';
  /** Whether addresses have to be signed by a key of the group. */
  readonly isSigned: boolean;
  readonly functionCode: string;
  /** Names of parameters and, in lower case, of fields in the cache's key. They are forwarded too. */
  readonly key: { readonly parameters: readonly string[]; readonly fields: readonly string[] };
  readonly forwardsField: (name: string) => boolean;
  readonly forwardsQuery: boolean;
  /** Seconds. */
  readonly ttl: { readonly min: number; readonly byDefault: number; readonly max: number };
  /** Fields that replace those of the origin in every response. */
  readonly responseFields: Readonly<Record<string, string>>;
}

/** Fields that CloudFront forwards whatever a policy says. */
const ALWAYS_FORWARDED = new Set(['range', 'if-range', 'if-none-match', 'if-modified-since']);

/** Reads the behaviours of a distribution, and all that they refer to, from a template. The default one is the last. */
export function behaviorsOf(template: Synthesised): readonly Behavior[] {
  const config = dig(template.one('AWS::CloudFront::Distribution').properties, 'DistributionConfig');
  const read = (behavior: unknown) => toBehavior(behavior, config, template);
  return [...toList(dig(config, 'CacheBehaviors')).map(read), read(dig(config, 'DefaultCacheBehavior'))];
}

function toBehavior(behavior: unknown, config: unknown, template: Synthesised): Behavior {
  const resolve = (reference: unknown, name: string): unknown => {
    const [attribute] = toList(dig(reference, 'Fn::GetAtt'));
    const id = dig(reference, 'Ref') ?? attribute;
    return dig(template.resources.find((resource) => resource.id === id)?.properties, name);
  };
  const cache = resolve(dig(behavior, 'CachePolicyId'), 'CachePolicyConfig');
  const key = dig(cache, 'ParametersInCacheKeyAndForwardedToOrigin');
  const request = resolve(dig(behavior, 'OriginRequestPolicyId'), 'OriginRequestPolicyConfig');
  const origin = toList(dig(config, 'Origins')).find((one) => dig(one, 'Id') === dig(behavior, 'TargetOriginId'));
  const fields = texts(dig(key, 'HeadersConfig', 'Headers')).map((name) => name.toLowerCase());
  const [association] = toList(dig(behavior, 'FunctionAssociations'));
  return {
    path: toList(dig(behavior, 'PathPattern')).map(String).join('').replace(/\*$/, ''),
    origin: isRecord(dig(origin, 'S3OriginConfig')) ? 's3' : 'lambda',
    isSigned: toList(dig(behavior, 'TrustedKeyGroups')).length > 0,
    functionCode: String(resolve(dig(association, 'FunctionARN'), 'FunctionCode')),
    key: { parameters: texts(dig(key, 'QueryStringsConfig', 'QueryStrings')), fields },
    forwardsField: (name) => ALWAYS_FORWARDED.has(name) || fields.includes(name) || forwards(request, name),
    forwardsQuery: dig(request, 'QueryStringsConfig', 'QueryStringBehavior') === 'all',
    ttl: {
      min: Number(dig(cache, 'MinTTL')),
      byDefault: Number(dig(cache, 'DefaultTTL')),
      max: Number(dig(cache, 'MaxTTL')),
    },
    responseFields: toFields(resolve(dig(behavior, 'ResponseHeadersPolicyId'), 'ResponseHeadersPolicyConfig')),
  };
}

function forwards(policy: unknown, name: string): boolean {
  const listed = texts(dig(policy, 'HeadersConfig', 'Headers')).some((one) => one.toLowerCase() === name);
  const behavior = dig(policy, 'HeadersConfig', 'HeaderBehavior');
  switch (behavior) {
    case 'whitelist':
      return listed;
    case 'allExcept':
      return !listed;
    default:
      throw new Error(`the stand-in does not know the behaviour ${String(behavior)}`);
  }
}

function toFields(policy: unknown): Readonly<Record<string, string>> {
  if (policy === undefined) return {};
  const custom = toList(dig(policy, 'CustomHeadersConfig', 'Items')).map(
    (item) => [String(dig(item, 'Header')), String(dig(item, 'Value'))] as const,
  );
  const listOf = (name: string) => texts(dig(policy, 'CorsConfig', name, 'Items')).join(', ');
  return {
    'Access-Control-Allow-Origin': listOf('AccessControlAllowOrigins'),
    'Access-Control-Expose-Headers': listOf('AccessControlExposeHeaders'),
    ...Object.fromEntries(custom),
  };
}

function texts(value: unknown): readonly string[] {
  return toList(value).map(String);
}
