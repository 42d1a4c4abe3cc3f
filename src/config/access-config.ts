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

/** Schema of the key of a rule for JWTs. */
export const jwtKeySchema = v.variant(
  'type',
  [
    v.strictObject({
      /** A secret that the issuer and the gateway share. */
      type: v.literal('secret'),
      /** Name of the variable or secret that holds the key. */
      secret: variable,
      /**
       * Algorithm of the signatures.
       *
       * @default `"HS256"`
       */
      algorithm: v.optional(v.picklist(['HS256', 'HS384', 'HS512'], 'takes "HS256", "HS384" or "HS512"')),
    }),
    v.strictObject({
      /** The public key of the issuer. */
      type: v.literal('public'),
      /** Name of the variable or secret that holds the public key as PEM. */
      pem: variable,
      /** Algorithm of the signatures. */
      algorithm,
    }),
    v.strictObject({
      /** The key set of the issuer, fetched when a token needs it. */
      type: v.literal('jwks'),
      /** Address of the issuer's key set. */
      url: address,
      /**
       * Algorithms that are accepted.
       *
       * @default RS256, ES256 and EdDSA
       */
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
  /** Grants requests with a JSON Web Token of an issuer. The Worker over R2 has no room for this rule. */
  type: v.literal('jwt'),
  /** Key that verifies tokens. */
  key: jwtKeySchema,
  /**
   * Issuers whose tokens are accepted.
   *
   * @takes a text or a list of texts
   */
  issuer: names,
  /**
   * Audiences, of which a token names one.
   *
   * @takes a text or a list of texts
   */
  audience: names,
  /**
   * Claim that lists the paths that a token opens: one path or a list, from the root of the host.
   *
   * @default none: a token opens all paths
   * @see docs/rules.md#tokens
   */
  pathsClaim: v.optional(text(/./, 'takes the name of a claim')),
  /**
   * Most seconds by which the clocks of issuer and gateway may differ.
   *
   * @default 30
   */
  clockTolerance: v.optional(count(3_600, 'seconds')),
  /**
   * Realm of the challenge.
   *
   * @default `"files"`
   */
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
    v.strictObject({
      /** Grants requests with a valid signed link. */
      type: v.literal('signed'),
      /** Name of the variable or secret that holds the keys. */
      keys: v.optional(variable, 'RANGEWAY_KEYS'),
    }),
    v.strictObject({
      /** Grants requests with the name and the password of a user. */
      type: v.literal('basic'),
      /** Name of the variable or secret with a line `name:password` for each user. */
      users: variable,
      /**
       * Realm of the challenge, which browsers show.
       *
       * @default `"files"`
       */
      realm: v.optional(v.string('takes a text')),
    }),
    v.strictObject({
      /** Grants requests of clients by their addresses. */
      type: v.literal('ip'),
      /** Addresses and CIDR blocks of clients that may read. */
      blocks: v.array(block, 'takes a list of addresses and blocks'),
    }),
    v.strictObject({
      /** Grants requests that come from pages of some origins. */
      type: v.literal('referer'),
      /** Origins of pages whose requests may read. The rule stops embedding by other sites, and no program. */
      origins: v.array(origin, 'takes a list of origins'),
      /** Whether a request without Referer may read. */
      missing: v.picklist(['allow', 'refuse'], 'takes "allow" or "refuse"'),
    }),
    jwt,
    v.strictObject({
      /** Grants a request if one of its rules grants it. */
      type: v.literal('anyOf'),
      /** Rules, one at the least. */
      rules,
    }),
    v.strictObject({
      /** Grants a request if all of its rules grant it. */
      type: v.literal('allOf'),
      /** Rules, one at the least. */
      rules,
    }),
  ],
  TAKES,
);

/** Schema of an access rule. It is lazy, because the error message of a union does not name the invalid field. */
export const accessSchema: v.GenericSchema<unknown, AccessConfig> = v.lazy((input) =>
  typeof input === 'object' && input !== null ? table : publicRule,
);
