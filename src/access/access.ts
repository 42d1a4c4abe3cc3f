import type { Seconds } from '../http/index.ts';

/** What a rule may know of a request: plain values, and nothing of the storage. */
export interface AccessRequest {
  readonly method: string;
  /**
   * Below the origin as it was sent, still percent-encoded, with its first slash. The key is made from this very text,
   * decoded once, so that what a rule allows is what is read.
   */
  readonly path: string;
  /** As it was sent, without the question mark. */
  readonly query: string;
  readonly headers: Headers;
  /** As the platform knows it, never out of a field that any client can send. `undefined` where it does not know. */
  readonly clientAddress: string | undefined;
  readonly now: Seconds;
}

/** What a request that may read gets with it. */
export interface Grant {
  /** Whether the answer is for this client alone, so that no shared cache may keep it. */
  readonly isPrivate: boolean;
  /** The name under which a browser is to save the file; any text, to be made safe when it is printed. */
  readonly fileName?: string | undefined;
  /** Requests of one download have one, whoever sends them. */
  readonly downloadId?: string | undefined;
  /** Whoever grants asks for it; nothing holds a body back yet. */
  readonly maxBytesPerSecond?: number | undefined;
}

/**
 * Why a request may not read, as far as it may be told: `expired` and `not-yet` only to who holds a genuine link,
 * whose times they could read in it anyway. All else is `forbidden`, so that a forger learns nothing.
 */
export type RefusalReason = 'forbidden' | 'expired' | 'not-yet';

/** A request that may not read, or of which that can't be told. */
export type Refused =
  | { readonly type: 'refused'; readonly reason: RefusalReason }
  /** Each a challenge for WWW-Authenticate (§11.6.1): what would be accepted. */
  | { readonly type: 'unauthenticated'; readonly challenges: readonly [string, ...string[]] }
  /** What a rule has to ask could not be asked, such as an issuer's keys. The cause is for the log. */
  | { readonly type: 'unavailable'; readonly cause: unknown };

/** What a rule says of a request. */
export type AccessVerdict = { readonly type: 'granted'; readonly grant: Grant } | Refused;

/**
 * What a request has to bring to be granted. `ambient`: only what a browser sends for every page by itself, such as its
 * address or a Referer. Then any page that is opened where the rule grants could read the files, so the gateway lets no
 * page read the answers unless `cors.origins` says which may. `nothing`: the rule grants every request.
 */
export type AccessNeeds = 'nothing' | 'ambient';

/** Who may read what. Asked before any storage is, so its answer is the same for keys that exist and that do not. */
export interface AccessRule {
  (request: AccessRequest): AccessVerdict | Promise<AccessVerdict>;
  /** Absent for a rule that asks for more, such as a signature, a token or a password. */
  readonly needs?: AccessNeeds | undefined;
}

/**
 * Marks a rule of your own as one that asks for nothing but what a browser sends by itself ({@link AccessNeeds}). The
 * rule that is given stays as it is.
 *
 * @example
 * const rule = ambient(hookAccess(({ clientAddress }) => isInOffice(clientAddress)));
 */
export function ambient(rule: AccessRule): AccessRule {
  return withNeeds((request) => rule(request), 'ambient');
}

/** Says what a new rule needs. Changes the function itself. */
export function withNeeds(rule: AccessRule, needs: AccessNeeds | undefined): AccessRule {
  return Object.assign(rule, { needs });
}

/**
 * What several rules need together. `anyOf` is ambient if one of its rules is. `allOf` is ambient if one of its rules is
 * and no other asks for more.
 */
export function needsOf(type: 'anyOf' | 'allOf', needs: readonly (AccessNeeds | undefined)[]): AccessNeeds | undefined {
  if (type === 'allOf' && needs.includes(undefined)) return undefined;
  if (needs.includes('ambient')) return 'ambient';
  return needs.includes('nothing') ? 'nothing' : undefined;
}

/** A verdict for requests that may read, by default with nothing but the reading. */
export function granted(grant: Grant = { isPrivate: true }): AccessVerdict {
  return { type: 'granted', grant };
}

/** A verdict for requests that may not. */
export function refused(reason: RefusalReason): Extract<Refused, { readonly type: 'refused' }> {
  return { type: 'refused', reason };
}

/**
 * A rule in code: may this request read? For more than yes and no, write an {@link AccessRule} itself. What it throws
 * refuses the request, and the log has the error. A hook that looks only at what browsers send by themselves, such as
 * the client's address or a cookie, goes into {@link ambient}.
 */
export function hookAccess(hook: (request: AccessRequest) => boolean | Promise<boolean>): AccessRule {
  return async (request) => ((await hook(request)) ? granted() : refused('forbidden'));
}

const PUBLIC = withNeeds(() => granted({ isPrivate: false }), 'nothing');

/** A rule that grants every request, and lets any cache keep the answer. Each call returns the same function. */
export function publicAccess(): AccessRule {
  return PUBLIC;
}
