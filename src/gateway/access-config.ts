import * as v from 'valibot';
import { count, text } from './schema.ts';

const VARIABLE = /^[A-Za-z_]\w*$/;
const variable = text(VARIABLE, 'takes the name of a variable or secret that holds it');
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
      url: v.string('takes an address'),
      algorithms: v.optional(v.array(algorithm)),
    }),
  ],
  'takes a table whose type is "secret", "public" or "jwks"',
);

/** Who may read a mount. Secrets are named, never written here. */
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
  pathsClaim: v.optional(v.string('takes the name of a claim')),
  clockTolerance: v.optional(count(3_600, 'seconds')),
  realm: v.optional(v.string('takes a text')),
});

/** Tokens, whose keys are a variable's or an issuer's. */
export type JwtConfig = v.InferOutput<typeof jwt>;

const rules = v.lazy(() => v.tupleWithRest([accessSchema], accessSchema, 'takes a list of rules, one at the least'));

/** Who may read, as it is written. */
export const accessSchema: v.GenericSchema<unknown, AccessConfig> = v.union(
  [
    v.literal('public'),
    v.variant('type', [
      v.strictObject({ type: v.literal('signed'), keys: v.optional(variable, 'RANGEWAY_KEYS') }),
      v.strictObject({ type: v.literal('basic'), users: variable, realm: v.optional(v.string('takes a text')) }),
      v.strictObject({ type: v.literal('ip'), blocks: v.array(v.string()) }),
      v.strictObject({
        type: v.literal('referer'),
        origins: v.array(v.string()),
        missing: v.picklist(['allow', 'refuse'], 'takes "allow" or "refuse"'),
      }),
      jwt,
      v.strictObject({ type: v.literal('anyOf'), rules }),
      v.strictObject({ type: v.literal('allOf'), rules }),
    ]),
  ],
  'takes "public" or a table whose type is "signed", "basic", "ip", "referer", "jwt", "anyOf" or "allOf"',
);
