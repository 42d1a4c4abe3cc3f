import type { Seconds } from '../http/index.ts';

/** The parts of a request that an access rule sees. A rule runs before the storage is read and knows nothing of it. */
export interface AccessRequest {
  readonly method: string;
  /**
   * Path of the URL as it was sent, percent-encoded, with its first slash. The key is made from the same text, decoded
   * once, so that a rule and the storage never see different paths.
   */
  readonly path: string;
  /** Query of the URL as it was sent, without the question mark. */
  readonly query: string;
  readonly headers: Headers;
  /**
   * The client's IP address as the platform knows it, never from a field that any client can send. `undefined` if the
   * platform does not know it.
   */
  readonly clientAddress: string | undefined;
  /** When the request was received, in seconds since the epoch. */
  readonly now: Seconds;
}

/** The terms under which a request may read. */
export interface Grant {
  /** Whether the response is for this client only, so that no shared cache may store it. */
  readonly isPrivate: boolean;
  /** File name for Content-Disposition. Any text: it is made safe when it is printed. */
  readonly fileName?: string | undefined;
  /** Id that all requests of one download have in common. */
  readonly downloadId?: string | undefined;
  /** When the grant ends, in seconds since the epoch (exclusive). A link that a response redirects to ends then, too. */
  readonly expires?: Seconds | undefined;
  /** Name of the user, or subject of the token, that the credentials belong to. */
  readonly user?: string | undefined;
  /** Most bytes a second of all requests with the same `rateKey` together, in one process or isolate. */
  readonly maxBytesPerSecond?: number | undefined;
  /** Names the link or user that the rate is for. By default the download id, else the user, else each request alone. */
  readonly rateKey?: string | undefined;
  /** The quotas of the link, which are counted by its download id. A grant with a quota needs one. */
  readonly quota?: LinkQuota | undefined;
}

/** The quotas of a signed link, for all of its requests together, whatever key they read. */
export interface LinkQuota {
  /** Most complete downloads. */
  readonly downloads?: number | undefined;
  /** Most bytes that are sent. */
  readonly bytes?: number | undefined;
  /** Most requests that run at the same time. */
  readonly connections?: number | undefined;
}

/**
 * The reason for a refusal, as shown to the client. `expired` and `not-yet` are used only for a link with a valid
 * signature, whose holder can read its times anyway. Every other reason is `forbidden`, so that a forger learns
 * nothing.
 */
export type RefusalReason = 'forbidden' | 'expired' | 'not-yet';

/** The verdict on a request that may not read, or whose rights can't be determined at the moment. */
export type Refused =
  | { readonly type: 'refused'; readonly reason: RefusalReason }
  /** Challenges for WWW-Authenticate (§11.6.1), one for each kind of accepted credentials. */
  | { readonly type: 'unauthenticated'; readonly challenges: readonly [string, ...string[]] }
  /** A service that the rule depends on has failed, such as an issuer's key set. The cause is for the log. */
  | { readonly type: 'unavailable'; readonly cause: unknown };

/** The result of an access rule. */
export type AccessVerdict = { readonly type: 'granted'; readonly grant: Grant } | Refused;

/**
 * The kind of credentials that a rule needs, if they are weaker than a secret. `nothing`: the rule grants every
 * request. `ambient`: the rule looks only at data that a browser sends for every page, such as its address or a
 * Referer. Any page in such a browser could read the files, so the gateway allows no cross-origin reads unless
 * `cors.origins` is set.
 */
export type AccessNeeds = 'nothing' | 'ambient';

/**
 * Decides whether a request may read. It is called before the storage is read, so its verdict is the same for objects
 * that exist and for objects that do not.
 */
export interface AccessRule {
  (request: AccessRequest): AccessVerdict | Promise<AccessVerdict>;
  /** Absent for a rule that needs a secret, such as a signature, a token or a password. */
  readonly needs?: AccessNeeds | undefined;
}

/**
 * Marks a rule as ambient: it looks only at data that browsers send without user action ({@link AccessNeeds}).
 *
 * @returns a new rule; the argument does not change
 *
 * @example
 * import { ambient, hookAccess } from 'rangeway';
 *
 * const isInOffice = (address = '') => address.startsWith('203.0.113.');
 * export const access = ambient(hookAccess(({ clientAddress }) => isInOffice(clientAddress)));
 */
export function ambient(rule: AccessRule): AccessRule {
  return withNeeds((request) => rule(request), 'ambient');
}

/** Sets `needs` of a new rule, and returns the same function. */
export function withNeeds(rule: AccessRule, needs: AccessNeeds | undefined): AccessRule {
  return Object.assign(rule, { needs });
}

/**
 * Computes `needs` of a combination. `anyOf` is ambient if one of its rules is. `allOf` is ambient if one of its rules
 * is, and none needs a secret.
 *
 * @param needs of each rule
 */
export function needsOf(type: 'anyOf' | 'allOf', needs: readonly (AccessNeeds | undefined)[]): AccessNeeds | undefined {
  if (type === 'allOf' && needs.includes(undefined)) return undefined;
  if (needs.includes('ambient')) return 'ambient';
  return needs.includes('nothing') ? 'nothing' : undefined;
}

/**
 * Makes a verdict that grants a request.
 *
 * @param grant by default private, without further terms
 */
export function granted(grant: Grant = { isPrivate: true }): AccessVerdict {
  return { type: 'granted', grant };
}

/** Makes a verdict that refuses a request. */
export function refused(reason: RefusalReason): Extract<Refused, { readonly type: 'refused' }> {
  return { type: 'refused', reason };
}

/**
 * Makes a rule out of a function that returns whether a request may read. If the function throws, the request is
 * refused and the error is logged. A rule that needs other verdicts can be written as an {@link AccessRule} directly. A
 * hook that looks only at data that browsers send without user action, such as the client's address or a cookie, has to
 * be marked with {@link ambient}.
 *
 * @param hook returns `true` to grant the request
 *
 * @example
 * import { createGateway, hookAccess, memoryStore } from 'rangeway';
 *
 * const tokens = new Set(['Bearer 3c1d5e']);
 * const access = hookAccess(({ headers }) => tokens.has(headers.get('Authorization') ?? ''));
 * export default createGateway({ store: memoryStore(), access });
 */
export function hookAccess(hook: (request: AccessRequest) => boolean | Promise<boolean>): AccessRule {
  return async (request) => ((await hook(request)) ? granted() : refused('forbidden'));
}

const PUBLIC = withNeeds(() => granted({ isPrivate: false }), 'nothing');

/**
 * Makes a rule that grants every request and allows any cache to store the response. This is the default of a mount.
 * Each call returns the same function.
 *
 * @example
 * import { createGateway, memoryStore, publicAccess } from 'rangeway';
 *
 * export default createGateway({ store: memoryStore(), access: publicAccess() });
 */
export function publicAccess(): AccessRule {
  return PUBLIC;
}
