import * as v from 'valibot';
import { isCidr } from '../access/cidr.ts';
import { isOrigin } from '../access/referer.ts';
import { count, secretName as variable, text, url } from './schema.ts';

const BLOCK = 'takes addresses and blocks, such as "203.0.113.0/24" or "2001:db8::/32"';
const block = v.pipe(v.string(BLOCK), v.check(isCidr, BLOCK));
const ORIGIN = 'takes origins, such as "https://example.com"';
const origin = v.pipe(v.string(ORIGIN), v.check(isOrigin, ORIGIN));
/** A URL without user name and password, because a secret has no place in a configuration. */
const address = url(
  /^https?:\/\/[^/?#\s@]+(?:[/?][^\s#]*)?$/,
  'takes an address such as "https://issuer.example/.well-known/jwks.json"',
);

const names = v.union([v.string(), v.array(v.string())], 'takes a text or a list of texts');

const algorithm = v.picklist(
  ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
  'takes an algorithm such as "RS256"',
);

const jwtKey = v.variant(
  'type',
  [
    v.strictObject({
      type: v.literal('secret'),
      secret: variable,
      algorithm: v.optional(v.picklist(['HS256', 'HS384', 'HS512'], 'takes "HS256", "HS384" or "HS512"')),
    }),
    v.strictObject({ type: v.literal('public'), pem: variable, algorithm }),
    v.strictObject({
      type: v.literal('jwks'),
      url: address,
      algorithms: v.optional(v.array(algorithm, 'takes a list of algorithms')),
    }),
  ],
  'takes a table whose type is "secret", "public" or "jwks"',
);

/** The access rule of a mount. It has the names of secrets, never the secrets. */
export type AccessConfig =
  | 'public'
  | { readonly type: 'signed'; readonly keys: string }
  | { readonly type: 'basic'; readonly users: string; readonly realm?: string | undefined }
  | { readonly type: 'ip'; readonly blocks: readonly string[] }
  | { readonly type: 'referer'; readonly origins: readonly string[]; readonly missing: 'allow' | 'refuse' }
  | JwtConfig
  | { readonly type: 'anyOf' | 'allOf'; readonly rules: readonly [AccessConfig, ...AccessConfig[]] };

const jwt = v.strictObject({
  type: v.literal('jwt'),
  key: jwtKey,
  issuer: names,
  audience: names,
  pathsClaim: v.optional(text(/./, 'takes the name of a claim')),
  clockTolerance: v.optional(count(3_600, 'seconds')),
  realm: v.optional(v.string('takes a text')),
});

/** A rule for JWTs. Their key is in a variable, or in the issuer's key set. */
export type JwtConfig = v.InferOutput<typeof jwt>;

const rules = v.lazy(() => v.tupleWithRest([accessSchema], accessSchema, 'takes a list of rules, one at the least'));

const TAKES = 'takes "public" or a table whose type is "signed", "basic", "ip", "referer", "jwt", "anyOf" or "allOf"';

const publicRule = v.literal('public', TAKES);

const table = v.variant(
  'type',
  [
    v.strictObject({ type: v.literal('signed'), keys: v.optional(variable, 'RANGEWAY_KEYS') }),
    v.strictObject({ type: v.literal('basic'), users: variable, realm: v.optional(v.string('takes a text')) }),
    v.strictObject({ type: v.literal('ip'), blocks: v.array(block, 'takes a list of addresses and blocks') }),
    v.strictObject({
      type: v.literal('referer'),
      origins: v.array(origin, 'takes a list of origins'),
      missing: v.picklist(['allow', 'refuse'], 'takes "allow" or "refuse"'),
    }),
    jwt,
    v.strictObject({ type: v.literal('anyOf'), rules }),
    v.strictObject({ type: v.literal('allOf'), rules }),
  ],
  TAKES,
);

/** Schema of an access rule. It is lazy, because the error message of a union does not name the invalid field. */
export const accessSchema: v.GenericSchema<unknown, AccessConfig> = v.lazy((input) =>
  typeof input === 'object' && input !== null ? table : publicRule,
);
