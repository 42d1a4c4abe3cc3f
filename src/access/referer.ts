import { ambient, granted, refused, type AccessRule } from './access.ts';
import { settingsError } from '../base/settings-error.ts';

/** Options of {@link refererAccess}. */
export interface RefererOptions {
  /** Allowed origins such as `https://example.com`. The path of a Referer is ignored. */
  readonly origins: readonly string[];
  /**
   * Whether requests without a Referer may read. Browsers omit it if a policy says so, and most other clients never
   * send it. `refuse` breaks downloads in some browsers, and `allow` stops no other client.
   */
  readonly missing: 'allow' | 'refuse';
}

/** Longest Referer in characters, far more than browsers send. */
const MAX_LENGTH = 8 * 1024;

/**
 * Makes a rule that grants requests from pages of certain origins (Referer, §10.1.3). It stops other sites from
 * embedding the files. It stops no program, because a program can send any Referer. The rule is ambient: the allowed
 * pages can embed the files, but can read them only if `cors.origins` is set.
 *
 * @throws SettingsError that names the malformed origin
 *
 * @example
 * import { createGateway, memoryStore, refererAccess } from 'rangeway';
 *
 * const access = refererAccess({ origins: ['https://example.com'], missing: 'allow' });
 * export default createGateway({ store: memoryStore(), access });
 */
export function refererAccess({ origins, missing }: RefererOptions): AccessRule {
  const allowed = new Set(origins.map(parseOrigin));
  return ambient(({ headers }) => {
    const referer = headers.get('Referer') ?? '';
    if (referer === '') return missing === 'allow' ? granted() : refused('forbidden');
    const isAllowed = referer.length <= MAX_LENGTH && URL.canParse(referer) && allowed.has(new URL(referer).origin);
    return isAllowed ? granted() : refused('forbidden');
  });
}

/** Whether a text is an http or https origin: scheme, host and optional port, without a path. */
export function isOrigin(text: string): boolean {
  return /^https?:\/\/[^/?#\s\\@*]+$/.test(text) && URL.canParse(text);
}

function parseOrigin(text: string): string {
  if (isOrigin(text)) return new URL(text).origin;
  throw settingsError(`referer takes origins, such as "https://example.com", not ${JSON.stringify(text).slice(0, 80)}`);
}
